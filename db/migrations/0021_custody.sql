-- Consent, retention, erasure and the records office: what a clerk keeps, and what waits for a second person.
ALTER TABLE chalkline.learners
    ADD COLUMN collected text NOT NULL DEFAULT 'roster' CHECK (collected IN ('roster', 'online')),
    ADD CONSTRAINT children_online_have_consent CHECK (
        collected = 'roster' OR age_group NOT IN ('under 11', '11-13') OR consent_state <> 'pending');
COMMENT ON COLUMN chalkline.learners.collected IS 'online: what we hold was collected from the child herself, so that COPPA asks for a parent''s consent first.';
ALTER TABLE chalkline.learners DROP CONSTRAINT learners_retention_state_check;
ALTER TABLE chalkline.learners ADD CONSTRAINT learners_retention_state_check
    CHECK (retention_state IN ('active', 'due', 'held', 'archived', 'anonymised', 'erased'));

ALTER TABLE chalkline.consents
    ADD COLUMN recorded_by uuid,
    ADD COLUMN method text NOT NULL DEFAULT 'on file';
COMMENT ON COLUMN chalkline.consents.method IS 'How it is known who gave it, e.g. a signed form (16 CFR 312.5(b)).';
COMMENT ON COLUMN chalkline.consents.expires_on IS 'A day agreed on, never a birthday: that rights pass to the learner at 18 is worked out when it is asked.';

ALTER TABLE chalkline.retention_rules
    ADD COLUMN policy text NOT NULL DEFAULT 'district' CHECK (policy IN ('district', 'COPPA', 'FERPA', 'GDPR')),
    ADD COLUMN citation text NOT NULL DEFAULT '',
    ADD COLUMN why text NOT NULL DEFAULT '',
    ADD CONSTRAINT retention_rules_category CHECK (category IN
        ('whole record', 'learning history', 'raw activity', 'wellbeing and notes')),
    ADD CONSTRAINT retention_rules_source CHECK (source IN ('any', 'online')),
    ADD CONSTRAINT retention_rules_trigger CHECK (trigger IN
        ('left', 'no activity', 'consent withdrawn', 'consent expired', 'turned 13', 'turned 18'));
COMMENT ON COLUMN chalkline.retention_rules.source IS 'online: only learners whose data was collected from the child herself.';

CREATE TABLE chalkline.retention_batches (
    district_id  integer NOT NULL,
    batch_id     uuid NOT NULL,
    rule_id      uuid NOT NULL,
    prepared_at  timestamptz NOT NULL DEFAULT now(),
    proposed_by  uuid,
    proposed_at  timestamptz,
    approved_by  uuid,
    approved_at  timestamptz,
    refused_by   uuid,
    refused_at   timestamptz,
    finished_at  timestamptz,
    PRIMARY KEY (district_id, batch_id),
    FOREIGN KEY (district_id, rule_id) REFERENCES chalkline.retention_rules,
    CONSTRAINT a_second_person_approves CHECK (approved_by IS NULL OR (proposed_by IS NOT NULL AND approved_by <> proposed_by)),
    CHECK (approved_by IS NULL OR refused_by IS NULL)
);
COMMENT ON TABLE chalkline.retention_batches IS 'One row per batch of learners for whom a retention rule fell due: prepared by the job, proposed by one person, approved by another.';

CREATE TABLE chalkline.retention_items (
    district_id   integer NOT NULL,
    batch_id      uuid NOT NULL,
    learner_id    uuid NOT NULL,
    anonymous_id  uuid NOT NULL,
    since         date,
    state         text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'held', 'kept', 'done')),
    done_at       timestamptz,
    PRIMARY KEY (district_id, batch_id, learner_id),
    FOREIGN KEY (district_id, batch_id) REFERENCES chalkline.retention_batches ON DELETE CASCADE
);
CREATE INDEX retention_items_learner ON chalkline.retention_items (district_id, learner_id);
COMMENT ON TABLE chalkline.retention_items IS 'One row per learner in a retention batch; outlives her as a tombstone.';
COMMENT ON COLUMN chalkline.retention_items.since IS 'The day the rule fell due; emptied when done, since it may tell a birthday.';

ALTER TABLE chalkline.erasure_requests
    ADD COLUMN law text NOT NULL DEFAULT 'FERPA' CHECK (law IN ('COPPA', 'FERPA', 'GDPR')),
    ADD COLUMN registered_by uuid,
    ADD COLUMN verified_by uuid,
    ADD COLUMN identity_check text,
    ADD COLUMN keep_history boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT a_second_person_approves CHECK (approved_by IS NULL OR approved_by IS DISTINCT FROM registered_by),
    ADD CONSTRAINT verified_says_how CHECK ((verified_at IS NULL) = (verified_by IS NULL) AND (verified_at IS NULL) = (identity_check IS NULL));
CREATE INDEX erasure_requests_open ON chalkline.erasure_requests (district_id, due_on) WHERE done_at IS NULL;
COMMENT ON COLUMN chalkline.erasure_requests.identity_check IS 'How it was made sure who asks: one of a list of words, never a copy of a document.';
COMMENT ON COLUMN chalkline.erasure_requests.keep_history IS 'Whether learning history may stay in anonymous, coarse form.';

CREATE TABLE chalkline.sealed_exports (
    district_id  integer NOT NULL,
    export_id    uuid NOT NULL,
    learner_id   uuid NOT NULL,
    request_id   uuid,
    kind         text NOT NULL CHECK (kind IN ('access', 'archive')),
    content      bytea NOT NULL,
    made_at      timestamptz NOT NULL,
    expires_on   date,
    PRIMARY KEY (district_id, export_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX sealed_exports_learner ON chalkline.sealed_exports (district_id, learner_id);
COMMENT ON TABLE chalkline.sealed_exports IS 'One row per copy of a learner''s record, sealed under her data key: made for a request, or archived.';

CREATE TABLE chalkline.record_openings (
    district_id  integer NOT NULL,
    opening_id   uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id     uuid NOT NULL,
    learner_id   uuid NOT NULL,
    purpose      text NOT NULL CHECK (purpose IN ('consent', 'request', 'hold', 'disclosures', 'correction')),
    opened_at    timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '4 hours',
    PRIMARY KEY (district_id, opening_id),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    CHECK (expires_at <= opened_at + interval '4 hours')
);
CREATE INDEX record_openings_staff ON chalkline.record_openings (district_id, staff_id, expires_at);
COMMENT ON TABLE chalkline.record_openings IS 'One row per learner''s file that a clerk opened by her full name, and what for; it closes after four hours.';

CREATE TABLE chalkline.anonymous_history (
    district_id  integer NOT NULL,
    entry_id     uuid NOT NULL DEFAULT gen_random_uuid(),
    school_year  integer NOT NULL,
    course_id    uuid NOT NULL,
    marks        text,
    work         text,
    activity     text,
    PRIMARY KEY (district_id, entry_id)
);
CREATE INDEX anonymous_history_group ON chalkline.anonymous_history (district_id, school_year, course_id);
COMMENT ON TABLE chalkline.anonymous_history IS 'One row per course of a learner who was erased, in bands that at least k such rows share; no identifier, no school, no class, no day.';

-- Which learners a clerk has in hand. Runs as chalkline_job, returns identifiers of the caller's district.
GRANT CREATE ON SCHEMA chalkline TO chalkline_job;
CREATE FUNCTION chalkline.records_learners() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 200 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'records' THEN RETURN; END IF;
    RETURN QUERY
        SELECT o.learner_id FROM chalkline.record_openings o
        WHERE o.district_id = me[1]::integer AND o.staff_id = me[2]::uuid
          AND o.opened_at <= clock_timestamp() AND o.expires_at > clock_timestamp()
        UNION
        SELECT r.learner_id FROM chalkline.erasure_requests r
        WHERE r.district_id = me[1]::integer AND r.done_at IS NULL AND r.learner_id IS NOT NULL
        UNION
        SELECT h.learner_id FROM chalkline.legal_holds h
        WHERE h.district_id = me[1]::integer AND h.lifted_at IS NULL AND h.learner_id IS NOT NULL
        UNION
        SELECT i.learner_id FROM chalkline.retention_batches b
        JOIN chalkline.retention_items i ON i.district_id = b.district_id AND i.batch_id = b.batch_id
        WHERE b.district_id = me[1]::integer AND b.finished_at IS NULL AND b.refused_at IS NULL
          AND i.state IN ('due', 'held')
        UNION
        SELECT l.learner_id FROM chalkline.learners l
        WHERE l.district_id = me[1]::integer AND l.consent_state IN ('pending', 'withdrawn');
END $$;
COMMENT ON FUNCTION chalkline.records_learners() IS 'The learners a records clerk has in hand: opened by name, with an open request, hold or batch, or without a valid consent.';

CREATE FUNCTION chalkline.records_search(tokens bytea[]) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 5 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'records' OR cardinality(tokens) > 40 THEN RETURN; END IF;
    RETURN QUERY SELECT p.learner_id FROM chalkline.learner_pii p
        WHERE p.district_id = me[1]::integer AND p.name_token = ANY (tokens) LIMIT 20;
END $$;
COMMENT ON FUNCTION chalkline.records_search(bytea[]) IS 'Learners of the clerk''s district by the blind index of a full name; who has no name has no token.';

CREATE FUNCTION chalkline.disclosure_log(of_learner uuid)
RETURNS TABLE (at timestamptz, actor uuid, role text, action text, detail jsonb, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'records'
       OR of_learner NOT IN (SELECT chalkline.records_learners()) THEN RETURN; END IF;
    RETURN QUERY
        SELECT a.at, a.actor, a.role, a.action, a.detail, NULL::text
        FROM chalkline.audit_log a
        JOIN chalkline.learners l ON l.district_id = a.district_id AND l.anonymous_id = a.subject
        WHERE a.district_id = me[1]::integer AND l.learner_id = of_learner
        UNION ALL
        SELECT a.at, a.actor, a.role, a.action, '{}'::jsonb, NULL::text
        FROM chalkline.audit_log a
        JOIN chalkline.learners l ON l.district_id = a.district_id
         AND a.detail -> 'subjects' ? l.anonymous_id::text
        WHERE a.district_id = me[1]::integer AND a.action = 'saw learners'
          AND l.learner_id = of_learner
        UNION ALL
        SELECT g.opened_at, g.staff_id, 'administrator', 'emergency view', '{}'::jsonb, g.reason
        FROM chalkline.break_glass g
        WHERE g.district_id = me[1]::integer AND g.learner_id = of_learner
        ORDER BY 1 DESC;
END $$;
COMMENT ON FUNCTION chalkline.disclosure_log(uuid) IS 'Who looked at a learner whom the clerk has in hand, when, in which role and why.';

CREATE INDEX audit_log_seen ON chalkline.audit_log USING gin ((detail -> 'subjects'))
    WHERE action = 'saw learners';
COMMENT ON INDEX chalkline.audit_log_seen IS 'Serves: who saw a learner''s name in a list, for her disclosure record.';

CREATE FUNCTION chalkline.consent_counts()
RETURNS TABLE (consent_state text, learners bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 6 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'records' THEN RETURN; END IF;
    RETURN QUERY SELECT l.consent_state, count(*) FROM chalkline.learners l
        WHERE l.district_id = me[1]::integer GROUP BY 1;
END $$;
COMMENT ON FUNCTION chalkline.consent_counts() IS 'How many learners of the clerk''s district are held on which ground.';

REVOKE EXECUTE ON FUNCTION chalkline.records_learners(), chalkline.records_search(bytea[]),
    chalkline.disclosure_log(uuid), chalkline.consent_counts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chalkline.records_learners() TO
    chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records,
    chalkline_security, chalkline_signin, chalkline_releaser, chalkline_job;
GRANT EXECUTE ON FUNCTION chalkline.records_search(bytea[]), chalkline.disclosure_log(uuid),
    chalkline.consent_counts() TO chalkline_records;
ALTER FUNCTION chalkline.records_learners() OWNER TO chalkline_job;
ALTER FUNCTION chalkline.records_search(bytea[]) OWNER TO chalkline_job;
ALTER FUNCTION chalkline.disclosure_log(uuid) OWNER TO chalkline_job;
ALTER FUNCTION chalkline.consent_counts() OWNER TO chalkline_job;
REVOKE CREATE ON SCHEMA chalkline FROM chalkline_job;

DO $$
DECLARE
    everyone text := '(SELECT current_user = ''chalkline_job'')';
    district text := 'district_id = (SELECT chalkline.my_district())';
    in_hand  text := 'learner_id IN (SELECT chalkline.records_learners())';
    mine     text := 'learner_id IN (SELECT chalkline.my_learners())';
    rule     record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('retention_batches', 'true'), ('retention_items', 'true'),
        ('sealed_exports', in_hand), ('anonymous_history', 'false'),
        ('record_openings', 'staff_id = (SELECT chalkline.my_staff())')
    ) AS r (name, whose) LOOP
        EXECUTE format('ALTER TABLE chalkline.%I ENABLE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('ALTER TABLE chalkline.%I FORCE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING (%s OR (%s AND (%s)))',
            rule.name, everyone, district, rule.whose);
    END LOOP;
    -- A records clerk is not responsible for learners, so these name her learners beside those of others.
    FOR rule IN SELECT * FROM (VALUES
        ('learners', mine || ' OR ' || in_hand), ('data_keys', mine || ' OR ' || in_hand),
        ('learner_pii', mine || ' OR ' || in_hand), ('consents', mine || ' OR ' || in_hand),
        ('disclosures', mine || ' OR ' || in_hand),
        ('legal_holds', 'true'), ('erasure_requests', 'true')
    ) AS r (name, whose) LOOP
        EXECUTE format('DROP POLICY who_sees ON chalkline.%I', rule.name);
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING (%s OR (%s AND (%s)))',
            rule.name, everyone, district, rule.whose);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON
    chalkline.retention_batches, chalkline.retention_items, chalkline.sealed_exports,
    chalkline.record_openings, chalkline.anonymous_history TO chalkline_job;
-- The records office: identity and rights, and nothing of learning, work, attendance or wellbeing.
GRANT SELECT (district_id, learner_id, anonymous_id, school_id, age_group, grade_level, academic_level,
    consent_state, ferpa_level, directory_opt_out, retention_state, retain_until, left_on, collected,
    created_at) ON chalkline.learners TO chalkline_records;
GRANT UPDATE (consent_state, ferpa_level, directory_opt_out) ON chalkline.learners TO chalkline_records;
GRANT SELECT ON chalkline.data_keys, chalkline.learner_pii, chalkline.consents, chalkline.disclosures,
    chalkline.legal_holds, chalkline.erasure_requests, chalkline.retention_rules,
    chalkline.retention_batches, chalkline.retention_items, chalkline.sealed_exports,
    chalkline.record_openings, chalkline.backups TO chalkline_records;
GRANT INSERT ON chalkline.consents, chalkline.disclosures, chalkline.legal_holds,
    chalkline.record_openings TO chalkline_records;
GRANT INSERT (district_id, request_id, kind, anonymous_id, learner_id, requested_by, received_on, due_on,
    law, registered_by, keep_history) ON chalkline.erasure_requests TO chalkline_records;
GRANT UPDATE (withdrawn_at) ON chalkline.consents TO chalkline_records;
GRANT UPDATE (lifted_at) ON chalkline.legal_holds TO chalkline_records;
GRANT UPDATE (verified_at, verified_by, identity_check, approved_by, done_at, outcome) ON chalkline.erasure_requests TO chalkline_records;
GRANT UPDATE (active) ON chalkline.retention_rules TO chalkline_records;
GRANT UPDATE (proposed_by, proposed_at, approved_by, approved_at, refused_by, refused_at) ON chalkline.retention_batches TO chalkline_records;
GRANT UPDATE (state) ON chalkline.retention_items TO chalkline_records;
