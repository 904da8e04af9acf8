-- Corrections: decided by a clerk, carried out by a job; what was declined keeps the family's own words.
CREATE TABLE chalkline.corrections (
    district_id   integer NOT NULL,
    correction_id uuid NOT NULL,
    request_id    uuid NOT NULL,
    learner_id    uuid NOT NULL,
    outcome       text NOT NULL CHECK (outcome IN ('accepted', 'declined')),
    parts         text[] NOT NULL DEFAULT '{}' CHECK (parts <@ ARRAY['given_name', 'family_name', 'email', 'birth_date', 'contacts']),
    asked         bytea,
    reason        bytea,
    statement     bytea,
    decided_by    uuid NOT NULL,
    decided_at    timestamptz NOT NULL,
    stated_by     uuid,
    done_at       timestamptz,
    PRIMARY KEY (district_id, correction_id),
    UNIQUE (district_id, request_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    FOREIGN KEY (district_id, request_id) REFERENCES chalkline.erasure_requests,
    FOREIGN KEY (district_id, decided_by) REFERENCES chalkline.staff (district_id, staff_id),
    FOREIGN KEY (district_id, stated_by) REFERENCES chalkline.staff (district_id, staff_id),
    CHECK (outcome = 'accepted' OR asked IS NULL),
    CHECK (outcome = 'declined' OR (reason IS NULL AND statement IS NULL)),
    CHECK (done_at IS NULL OR asked IS NULL)
);
CREATE INDEX corrections_learner ON chalkline.corrections (district_id, learner_id);
COMMENT ON TABLE chalkline.corrections IS 'One row per request for correction that was decided: what was corrected by name of the field, or the statement that stays with the record.';
COMMENT ON COLUMN chalkline.corrections.asked IS 'The new values, sealed under her data key; emptied as soon as they stand in her record.';
COMMENT ON COLUMN chalkline.corrections.statement IS 'What the family says about what was not corrected (34 CFR 99.21(b)(2)), sealed; it goes along with every copy.';

ALTER TABLE chalkline.corrections ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.corrections FORCE ROW LEVEL SECURITY;
-- A clerk decides, and adds a statement, in her own name about a learner whom she has in hand. That the request
-- was verified is the job's to check, since a policy on Citus may hold no subquery.
CREATE POLICY who_sees ON chalkline.corrections
USING ((SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district()) AND learner_id IN (SELECT chalkline.records_learners())))
WITH CHECK ((SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district()) AND coalesce(stated_by, decided_by) = (SELECT chalkline.my_staff())
        AND learner_id IN (SELECT chalkline.records_learners())));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.corrections TO chalkline_job;
GRANT SELECT ON chalkline.corrections TO chalkline_records;
GRANT INSERT (district_id, correction_id, request_id, learner_id, outcome, parts, asked, reason, statement,
    decided_by, decided_at) ON chalkline.corrections TO chalkline_records;
GRANT UPDATE (statement, stated_by) ON chalkline.corrections TO chalkline_records;
