-- Who may give a role, to whom, and when that takes a second person; and the view in an emergency.
CREATE TABLE chalkline.role_requests (
    district_id  integer NOT NULL,
    request_id   uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('role', 'account', 'reset')),
    staff_id     uuid NOT NULL,
    role         text CHECK (role IN ('teacher', 'counselor', 'administrator', 'records', 'security')),
    school_id    uuid,
    asked_by     uuid NOT NULL,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    decided_by   uuid,
    decided_at   timestamptz,
    agreed       boolean,
    PRIMARY KEY (district_id, request_id),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions,
    FOREIGN KEY (district_id, asked_by) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, decided_by) REFERENCES chalkline.staff,
    CHECK ((kind = 'role') = (role IS NOT NULL AND school_id IS NOT NULL)),
    CHECK (asked_by <> staff_id),
    CHECK (decided_by IS DISTINCT FROM asked_by AND decided_by IS DISTINCT FROM staff_id),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (agreed IS NULL))
);
COMMENT ON TABLE chalkline.role_requests IS 'One row per change of a powerful person''s access that one asks for and another agrees to or not.';
COMMENT ON COLUMN chalkline.role_requests.kind IS 'role: hold a powerful role; account: a first sign-in for somebody who holds one; reset: a new first password for her.';
CREATE INDEX role_requests_open ON chalkline.role_requests (district_id, staff_id) WHERE decided_at IS NULL;
COMMENT ON INDEX chalkline.role_requests_open IS 'Serves: what waits for a second person.';

CREATE FUNCTION chalkline.asked_by_another(of_staff uuid, what text, of_role text, at_school uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL THEN RETURN false; END IF;
    RETURN EXISTS (SELECT FROM chalkline.role_requests r
        WHERE r.district_id = me[1]::integer AND r.staff_id = of_staff AND r.kind = what
          AND r.role IS NOT DISTINCT FROM of_role AND r.school_id IS NOT DISTINCT FROM at_school
          AND r.decided_at IS NULL AND r.asked_by <> me[2]::uuid AND r.staff_id <> me[2]::uuid
          AND r.asked_at > clock_timestamp() - interval '7 days');
END $$;
COMMENT ON FUNCTION chalkline.asked_by_another(uuid, text, text, uuid) IS 'Whether somebody else asked for this within a week and nobody has decided yet.';

CREATE FUNCTION chalkline.powerful(of_staff uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL THEN RETURN true; END IF;
    RETURN EXISTS (SELECT FROM chalkline.staff_roles r
        WHERE r.district_id = me[1]::integer AND r.staff_id = of_staff
          AND r.role IN ('administrator', 'records', 'security')
          AND (r.ends_on IS NULL OR r.ends_on >= chalkline.today(r.district_id)));
END $$;
COMMENT ON FUNCTION chalkline.powerful(uuid) IS 'Whether a member of staff holds, or will hold, a role that can change others'' access or see a whole district.';

CREATE FUNCTION chalkline.my_emergencies() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 1 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'administrator' THEN RETURN; END IF;
    RETURN QUERY SELECT g.learner_id FROM chalkline.break_glass g
        WHERE g.district_id = me[1]::integer AND g.staff_id = me[2]::uuid
          AND g.opened_at <= clock_timestamp() AND g.expires_at > clock_timestamp();
END $$;
COMMENT ON FUNCTION chalkline.my_emergencies() IS 'The learners an administrator has opened in an emergency; nothing for anybody else.';

CREATE FUNCTION chalkline.called(tokens bytea[]) RETURNS TABLE (learner_id uuid, school_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 2 SET search_path = '' AS $$
DECLARE
    me  text[] := chalkline.context();
    day date;
BEGIN
    IF me IS NULL OR me[3] <> 'administrator' THEN RETURN; END IF;
    day := chalkline.today(me[1]::integer);
    RETURN QUERY SELECT l.learner_id, l.school_id FROM chalkline.learner_pii p
        JOIN chalkline.learners l ON l.district_id = p.district_id AND l.learner_id = p.learner_id
        WHERE p.district_id = me[1]::integer AND p.name_token = ANY (tokens)
          AND EXISTS (SELECT FROM chalkline.staff_roles r
              JOIN chalkline.institutions i ON i.district_id = r.district_id AND i.institution_id = r.school_id
              WHERE r.district_id = me[1]::integer AND r.staff_id = me[2]::uuid AND r.role = 'administrator'
                AND r.starts_on <= day AND (r.ends_on IS NULL OR r.ends_on >= day)
                AND (i.kind = 'district' OR r.school_id = l.school_id));
END $$;
COMMENT ON FUNCTION chalkline.called(bytea[]) IS 'Learners of exactly that full name at an administrator''s schools: what an emergency view is opened by. Identifiers only.';

REVOKE EXECUTE ON FUNCTION chalkline.asked_by_another(uuid, text, text, uuid), chalkline.powerful(uuid),
    chalkline.my_emergencies(), chalkline.called(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chalkline.asked_by_another(uuid, text, text, uuid), chalkline.powerful(uuid)
    TO chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records,
       chalkline_security, chalkline_signin, chalkline_releaser, chalkline_job;
GRANT EXECUTE ON FUNCTION chalkline.my_emergencies()
    TO chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records,
       chalkline_security, chalkline_signin, chalkline_releaser, chalkline_job;
GRANT EXECUTE ON FUNCTION chalkline.called(bytea[]) TO chalkline_administrator;
GRANT CREATE ON SCHEMA chalkline TO chalkline_job;
ALTER FUNCTION chalkline.asked_by_another(uuid, text, text, uuid) OWNER TO chalkline_job;
ALTER FUNCTION chalkline.powerful(uuid) OWNER TO chalkline_job;
ALTER FUNCTION chalkline.my_emergencies() OWNER TO chalkline_job;
ALTER FUNCTION chalkline.called(bytea[]) OWNER TO chalkline_job;
REVOKE CREATE ON SCHEMA chalkline FROM chalkline_job;

ALTER TABLE chalkline.role_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.role_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.role_requests
USING ((SELECT current_user = 'chalkline_job') OR district_id = (SELECT chalkline.my_district()))
WITH CHECK ((SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district())
        AND ((decided_by IS NULL AND asked_by = (SELECT chalkline.my_staff()))
             OR decided_by = (SELECT chalkline.my_staff()))));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.role_requests TO chalkline_job;
GRANT SELECT, INSERT (district_id, request_id, kind, staff_id, role, school_id, asked_by),
    UPDATE (decided_by, decided_at, agreed) ON chalkline.role_requests
    TO chalkline_administrator, chalkline_security;

-- The roster: administrators give and end roles; a powerful one only when another asked for it.
ALTER TABLE chalkline.staff_roles DROP CONSTRAINT staff_roles_check;
ALTER TABLE chalkline.staff_roles ADD CHECK (ends_on IS NULL OR ends_on >= starts_on - 1);
COMMENT ON COLUMN chalkline.staff_roles.ends_on IS 'Last day; the day before the first for a role that was taken back at once.';
DROP POLICY who_sees ON chalkline.staff_roles;
CREATE POLICY who_sees ON chalkline.staff_roles
USING ((SELECT current_user IN ('chalkline_job', 'chalkline_signin'))
    OR district_id = (SELECT chalkline.my_district()))
WITH CHECK ((SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district())
        AND (ends_on < (SELECT chalkline.today(chalkline.my_district()))
             OR (staff_id <> (SELECT chalkline.my_staff())
                 AND ((role IN ('teacher', 'counselor')
                       AND (SELECT (chalkline.context())[3]) = 'administrator')
                      OR chalkline.asked_by_another(staff_id, 'role', role, school_id))))));
GRANT INSERT (district_id, staff_id, role, school_id, starts_on), UPDATE (ends_on)
    ON chalkline.staff_roles TO chalkline_administrator;
GRANT INSERT (district_id, staff_id, role, school_id, starts_on) ON chalkline.staff_roles TO chalkline_security;
GRANT INSERT (district_id, staff_id, display_name, email) ON chalkline.staff TO chalkline_administrator;

-- Accounts: administrators see their district's without the hash, and open or shut them.
ALTER TABLE chalkline.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.accounts
USING ((SELECT current_user IN ('chalkline_job', 'chalkline_signin'))
    OR district_id = (SELECT chalkline.my_district()))
WITH CHECK ((SELECT current_user IN ('chalkline_job', 'chalkline_signin'))
    OR (district_id = (SELECT chalkline.my_district()) AND staff_id <> (SELECT chalkline.my_staff())
        AND (disabled_at IS NOT NULL OR NOT chalkline.powerful(staff_id)
             OR chalkline.asked_by_another(staff_id, 'account', NULL, NULL)
             OR chalkline.asked_by_another(staff_id, 'reset', NULL, NULL))));
GRANT SELECT (district_id, account_id, staff_id, sign_in_name, must_change_password, disabled_at,
    failed_attempts, locked_until, last_sign_in_at, created_at, oidc_issuer)
    ON chalkline.accounts TO chalkline_administrator, chalkline_security;
GRANT INSERT (district_id, account_id, staff_id, sign_in_name, password_hash, must_change_password),
    UPDATE (password_hash, must_change_password, disabled_at)
    ON chalkline.accounts TO chalkline_administrator, chalkline_security;

-- In an emergency: who she is, whom to call, where she should be now. No marks, flags or notes.
DO $$
DECLARE
    expression text;
BEGIN
    SELECT pg_get_expr(polqual, polrelid) INTO expression FROM pg_policy
    WHERE polrelid = 'chalkline.enrollments'::regclass AND polname = 'who_sees';
    EXECUTE format('ALTER POLICY who_sees ON chalkline.enrollments USING (%s OR (district_id = '
        '(SELECT chalkline.my_district()) AND learner_id IN (SELECT chalkline.my_emergencies())))', expression);
END $$;
GRANT SELECT ON chalkline.learners, chalkline.data_keys, chalkline.learner_pii, chalkline.enrollments,
    chalkline.attendance TO chalkline_administrator;
GRANT SELECT, INSERT (district_id, grant_id, staff_id, learner_id, reason) ON chalkline.break_glass
    TO chalkline_administrator;
GRANT SELECT, UPDATE, DELETE ON chalkline.break_glass TO chalkline_job;
