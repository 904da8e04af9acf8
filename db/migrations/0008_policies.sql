-- Who may see which rows. Each transaction carries a signed, expiring context; no context, no rows.
-- The functions below run as chalkline_job, the one role the policies let see everything, so that a
-- scope can be looked up without recursion. They return only identifiers in the caller's own scope.

CREATE FUNCTION chalkline.context() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    raw   text := current_setting('chalkline.context', true);
    parts text[];
    pads  record;
BEGIN
    IF raw IS NULL OR raw = '' THEN RETURN NULL; END IF;
    parts := string_to_array(raw, '|');  -- v1 | district | staff | role | expires (epoch s) | mac
    IF array_length(parts, 1) <> 6 OR parts[1] <> 'v1' THEN RETURN NULL; END IF;
    SELECT inner_pad, outer_pad INTO pads FROM chalkline.context_secrets WHERE secret_id = 1;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF parts[6] IS DISTINCT FROM encode(sha256(pads.outer_pad || sha256(pads.inner_pad ||
        convert_to(array_to_string(parts[1:5], '|'), 'UTF8'))), 'hex') THEN RETURN NULL; END IF;
    IF parts[5]::bigint < extract(epoch FROM clock_timestamp()) THEN RETURN NULL; END IF;
    IF 'chalkline_' || parts[4] IS DISTINCT FROM current_setting('role') THEN RETURN NULL; END IF;
    RETURN parts[2:4];
END $$;
COMMENT ON FUNCTION chalkline.context() IS 'The viewer as {district, staff, role}, or null: nothing set, forged (HMAC-SHA256, RFC 2104), expired, or another role than the transaction''s.';

CREATE FUNCTION chalkline.my_district() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT (chalkline.context())[1]::integer $$;
CREATE FUNCTION chalkline.my_staff() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT (chalkline.context())[2]::uuid $$;

CREATE FUNCTION chalkline.today(of_district integer) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
    SELECT coalesce(clock_on, (now() AT TIME ZONE timezone)::date)
    FROM chalkline.institutions WHERE district_id = of_district AND kind = 'district'
$$;
COMMENT ON FUNCTION chalkline.today(integer) IS 'The district''s own today: a fixed day for historical data.';

CREATE FUNCTION chalkline.my_classes() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    me  text[] := chalkline.context();
    day date;
BEGIN
    IF me IS NULL OR me[3] <> 'teacher' THEN RETURN '{}'; END IF;
    day := chalkline.today(me[1]::integer);
    RETURN coalesce((SELECT array_agg(DISTINCT c.class_id)
        FROM chalkline.class_staff s
        JOIN chalkline.classes c ON c.district_id = s.district_id AND c.class_id = s.class_id
        WHERE s.district_id = me[1]::integer AND s.staff_id = me[2]::uuid
          AND s.starts_on <= day AND (s.ends_on IS NULL OR s.ends_on >= day)
          AND c.starts_on <= day AND c.ends_on >= day), '{}');
END $$;
COMMENT ON FUNCTION chalkline.my_classes() IS 'A teacher''s classes while they run; nothing for anybody else.';

CREATE FUNCTION chalkline.my_caseload() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 400 SET search_path = '' AS $$
DECLARE
    me  text[] := chalkline.context();
    day date;
BEGIN
    IF me IS NULL OR me[3] <> 'counselor' THEN RETURN; END IF;
    day := chalkline.today(me[1]::integer);
    RETURN QUERY SELECT c.learner_id FROM chalkline.caseloads c
        WHERE c.district_id = me[1]::integer AND c.staff_id = me[2]::uuid
          AND c.starts_on <= day AND (c.ends_on IS NULL OR c.ends_on >= day);
END $$;
COMMENT ON FUNCTION chalkline.my_caseload() IS 'A counselor''s learners; nothing for anybody else.';

CREATE FUNCTION chalkline.my_learners() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 200 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    CASE me[3]
    WHEN 'teacher' THEN
        RETURN QUERY SELECT DISTINCT e.learner_id FROM chalkline.enrollments e
            WHERE e.district_id = me[1]::integer AND e.class_id = ANY (chalkline.my_classes());
    WHEN 'counselor' THEN
        RETURN QUERY SELECT chalkline.my_caseload();
    WHEN 'administrator' THEN
        RETURN QUERY SELECT g.learner_id FROM chalkline.break_glass g
            WHERE g.district_id = me[1]::integer AND g.staff_id = me[2]::uuid
              AND g.opened_at <= clock_timestamp() AND g.expires_at > clock_timestamp();
    ELSE
        RETURN;
    END CASE;
END $$;
COMMENT ON FUNCTION chalkline.my_learners() IS 'The learners a viewer is responsible for: of her running classes, of her caseload, or one opened in an emergency.';

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA chalkline FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chalkline.context(), chalkline.my_district(), chalkline.my_staff(),
    chalkline.today(integer), chalkline.my_classes(), chalkline.my_caseload(), chalkline.my_learners()
TO chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records,
   chalkline_security, chalkline_signin, chalkline_releaser, chalkline_job;

GRANT CREATE ON SCHEMA chalkline TO chalkline_job;
ALTER FUNCTION chalkline.context() OWNER TO chalkline_job;
ALTER FUNCTION chalkline.today(integer) OWNER TO chalkline_job;
ALTER FUNCTION chalkline.my_classes() OWNER TO chalkline_job;
ALTER FUNCTION chalkline.my_caseload() OWNER TO chalkline_job;
ALTER FUNCTION chalkline.my_learners() OWNER TO chalkline_job;
REVOKE CREATE ON SCHEMA chalkline FROM chalkline_job;

DO $$
DECLARE
    everyone text := '(SELECT current_user = ''chalkline_job'')';
    district text := 'district_id = (SELECT chalkline.my_district())';
    class    text := 'class_id = ANY ((SELECT chalkline.my_classes())::uuid[])';
    caseload text := 'learner_id IN (SELECT chalkline.my_caseload())';
    mine     text := 'learner_id IN (SELECT chalkline.my_learners())';
    rule     record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        -- No learner in it: the district's own staff.
        ('institutions', 'true'), ('academic_terms', 'true'), ('staff', 'true'), ('staff_roles', 'true'),
        ('classes', 'true'), ('class_staff', 'true'), ('assessments', 'true'), ('class_assessments', 'true'),
        ('assessment_items', 'true'), ('item_competencies', 'true'), ('watermarks', 'true'),
        ('imports', 'true'), ('import_errors', 'true'), ('risk_models', 'true'),
        ('retention_rules', 'true'), ('learner_groups', 'true'),
        ('release_budgets', 'true'), ('releases', 'true'),
        -- Figures about a class: its teachers.
        ('section_state', class), ('assessment_state', class),
        -- A learner in a class: the class's teachers, and the learner's counselor.
        ('enrollments', class || ' OR ' || caseload),
        ('section_progress', class || ' OR ' || caseload),
        ('learning_interactions', class || ' OR ' || caseload),
        ('learning_sessions', class || ' OR ' || caseload),
        ('assessment_attempts', class || ' OR ' || caseload),
        ('item_responses', class || ' OR ' || caseload),
        ('risk_scores', class || ' OR ' || caseload),
        ('enrollment_state', class || ' OR ' || caseload),
        ('activity_days', class || ' OR ' || caseload),
        ('flags', class || ' OR ' || caseload || ' OR (class_id IS NULL AND ' || mine || ')'),
        ('flag_events', class || ' OR ' || caseload || ' OR (class_id IS NULL AND ' || mine || ')'),
        ('interventions', caseload || ' OR owner_id = (SELECT chalkline.my_staff()) OR ' || mine),
        ('recommendations', class || ' OR ' || caseload || ' OR (class_id IS NULL AND ' || mine || ')'),
        -- A learner herself: those responsible for her.
        ('learners', mine), ('data_keys', mine), ('learner_pii', mine), ('attendance', mine),
        ('behaviour_events', mine), ('mastery', mine), ('consents', mine), ('disclosures', mine),
        ('caseloads', caseload),
        ('intervention_notes', '(NOT restricted AND ' || mine || ') OR author_id = (SELECT chalkline.my_staff()) OR ' || caseload),
        -- Nobody's to browse.
        ('protected_attributes', 'false'), ('content_effectiveness', 'false'), ('item_statistics', 'false'),
        ('school_grade_state', 'false'), ('learning_patterns', 'false'),
        ('legal_holds', 'false'), ('erasure_requests', 'false'),
        ('break_glass', 'staff_id = (SELECT chalkline.my_staff())'),
        ('audit_log', 'actor = (SELECT chalkline.my_staff())')
    ) AS r (name, whose) LOOP
        EXECUTE format('ALTER TABLE chalkline.%I ENABLE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('ALTER TABLE chalkline.%I FORCE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING (%s OR (%s AND (%s)))',
            rule.name,
            CASE WHEN rule.name IN ('institutions', 'staff', 'staff_roles')
                 THEN '(SELECT current_user IN (''chalkline_job'', ''chalkline_signin''))' ELSE everyone END,
            district, rule.whose);
    END LOOP;
END $$;
