-- The audit trail: who adds to it, who reads it, how it is chained, and what looks unusual in it.
DROP POLICY who_sees ON chalkline.audit_log;
CREATE POLICY who_sees ON chalkline.audit_log
USING (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district())
        AND (actor = (SELECT chalkline.my_staff()) OR (SELECT (chalkline.context())[3]) = 'security'))
    OR (district_id IS NULL AND (SELECT (chalkline.context())[3]) = 'security'))
WITH CHECK (
    (SELECT current_user = 'chalkline_job')
    OR ((SELECT current_user = 'chalkline_signin') AND role = 'sign-in')
    OR (district_id = (SELECT chalkline.my_district()) AND actor = (SELECT chalkline.my_staff())
        AND role = (SELECT (chalkline.context())[3])));
COMMENT ON COLUMN chalkline.audit_log.role IS 'The role in which somebody acted; ''sign-in'' before there is one, ''job'' for background work.';
COMMENT ON COLUMN chalkline.audit_log.hash IS 'sha256(previous || row as COPY writes it, position first): a changed, moved or missing row breaks the chain.';

ALTER TABLE chalkline.audit_log ADD CONSTRAINT chained_whole_or_not
    CHECK ((position IS NULL) = (hash IS NULL) AND (position IS NULL) = (previous IS NULL));
CREATE UNIQUE INDEX audit_log_position ON chalkline.audit_log (position) WHERE position IS NOT NULL;
COMMENT ON INDEX chalkline.audit_log_position IS 'Serves: verification and checkpoints, which read in the order of the chain.';
CREATE INDEX audit_log_waiting ON chalkline.audit_log (at, audit_id) WHERE position IS NULL;
COMMENT ON INDEX chalkline.audit_log_waiting IS 'Serves: the chaining job, which takes what has no place yet.';
CREATE INDEX audit_log_actor ON chalkline.audit_log (district_id, actor, at DESC);
COMMENT ON INDEX chalkline.audit_log_actor IS 'Serves: what a person has viewed, and the search by person.';
CREATE INDEX audit_log_time ON chalkline.audit_log (district_id, at DESC);
COMMENT ON INDEX chalkline.audit_log_time IS 'Serves: the newest page of the security officer''s search.';

GRANT UPDATE (position, previous, hash) ON chalkline.audit_log TO chalkline_job;
GRANT SELECT ON chalkline.audit_log
    TO chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records, chalkline_security;
GRANT INSERT (district_id, audit_id, actor, role, action, subject, detail) ON chalkline.audit_log
    TO chalkline_signin;

-- Checkpoints hold no learner: any district's security officer may see that they are kept.
ALTER TABLE chalkline.audit_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.audit_checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.audit_checkpoints USING (
    (SELECT current_user = 'chalkline_job') OR (SELECT (chalkline.context())[3]) = 'security');
GRANT SELECT ON chalkline.audit_checkpoints TO chalkline_security;
CREATE UNIQUE INDEX audit_checkpoints_size ON chalkline.audit_checkpoints (tree_size);

CREATE TABLE chalkline.audit_checks (
    check_id    uuid PRIMARY KEY,
    checked_at  timestamptz NOT NULL,
    rows        bigint NOT NULL CHECK (rows >= 0),
    waiting     bigint NOT NULL CHECK (waiting >= 0),
    checkpoints integer NOT NULL CHECK (checkpoints >= 0),
    fault       text,
    bad_row     bigint
);
COMMENT ON TABLE chalkline.audit_checks IS 'One row per verification of the whole audit trail against its chain and checkpoints.';
COMMENT ON COLUMN chalkline.audit_checks.fault IS 'What was found, in words; null when the trail is whole.';
ALTER TABLE chalkline.audit_checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.audit_checks FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.audit_checks USING (
    (SELECT current_user = 'chalkline_job') OR (SELECT (chalkline.context())[3]) = 'security');
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.audit_checks TO chalkline_job;
GRANT SELECT ON chalkline.audit_checks TO chalkline_security;

CREATE TABLE chalkline.access_alerts (
    district_id  integer NOT NULL,
    alert_id     uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('burst', 'night', 'other school', 'guessing', 'emergency')),
    actor        uuid NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    count        integer NOT NULL CHECK (count > 0),
    found_at     timestamptz NOT NULL,
    reviewed_by  uuid,
    reviewed_at  timestamptz,
    PRIMARY KEY (district_id, alert_id),
    UNIQUE (district_id, kind, actor, starts_at),
    FOREIGN KEY (district_id, actor) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, reviewed_by) REFERENCES chalkline.staff,
    CHECK ((reviewed_by IS NULL) = (reviewed_at IS NULL)),
    CHECK (reviewed_by IS DISTINCT FROM actor OR reviewed_by IS NULL)
);
COMMENT ON TABLE chalkline.access_alerts IS 'One row per span of unusual access by one member of staff, found in the audit trail.';
COMMENT ON COLUMN chalkline.access_alerts.count IS 'Learners seen (burst, night, other school, emergency) or wrong passwords (guessing) in the span.';
ALTER TABLE chalkline.access_alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.access_alerts FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.access_alerts USING (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district()) AND (SELECT (chalkline.context())[3]) = 'security'));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.access_alerts TO chalkline_job;
GRANT SELECT, UPDATE (reviewed_by, reviewed_at) ON chalkline.access_alerts TO chalkline_security;

-- Reasons of emergency views: their author's, and the security officer's to review.
DROP POLICY who_sees ON chalkline.break_glass;
CREATE POLICY who_sees ON chalkline.break_glass
USING (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district())
        AND (staff_id = (SELECT chalkline.my_staff()) OR (SELECT (chalkline.context())[3]) = 'security')))
WITH CHECK (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district()) AND staff_id = (SELECT chalkline.my_staff())));
GRANT SELECT ON chalkline.break_glass TO chalkline_security;
