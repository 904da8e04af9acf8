-- The privacy budget: a cap for one release, two people to change a cap, and who may charge it.
ALTER TABLE chalkline.release_budgets ADD COLUMN rho_each numeric NOT NULL DEFAULT 0.1 CHECK (rho_each > 0);
ALTER TABLE chalkline.release_budgets ADD COLUMN rho_spent_changed numeric NOT NULL DEFAULT 0 CHECK (rho_spent_changed >= 0);
COMMENT ON COLUMN chalkline.release_budgets.rho_each IS 'The most that one release may cost.';
COMMENT ON COLUMN chalkline.release_budgets.rho_spent IS 'zCDP of all releases together, for a learner added or removed.';
COMMENT ON COLUMN chalkline.release_budgets.rho_spent_changed IS 'The same for a learner whose values or groups change.';

ALTER TABLE chalkline.releases ADD COLUMN rho_changed numeric NOT NULL DEFAULT 0 CHECK (rho_changed >= 0);
COMMENT ON COLUMN chalkline.releases.rho IS 'What it took from the budget, for a learner added or removed; 0 when made from other releases.';
COMMENT ON COLUMN chalkline.releases.rho_changed IS 'The same for a learner whose values or groups change.';
CREATE INDEX releases_of_a_year ON chalkline.releases (district_id, school_year, released_at);
COMMENT ON INDEX chalkline.releases_of_a_year IS 'Serves: the Privacy page.';

CREATE TABLE chalkline.budget_proposals (
    district_id  integer NOT NULL,
    proposal_id  uuid NOT NULL,
    school_year  integer NOT NULL,
    rho_cap      numeric NOT NULL CHECK (rho_cap > 0),
    rho_each     numeric NOT NULL CHECK (rho_each > 0 AND rho_each <= rho_cap),
    reason       text NOT NULL CHECK (length(reason) BETWEEN 10 AND 500),
    proposed_by  uuid NOT NULL,
    proposed_at  timestamptz NOT NULL DEFAULT now(),
    decided_by   uuid CHECK (decided_by <> proposed_by),
    decided_at   timestamptz,
    decision     text CHECK (decision IN ('approved', 'refused')),
    PRIMARY KEY (district_id, proposal_id),
    FOREIGN KEY (district_id, proposed_by) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, decided_by) REFERENCES chalkline.staff,
    CHECK ((decided_by IS NULL) = (decision IS NULL) AND (decided_at IS NULL) = (decision IS NULL))
);
COMMENT ON TABLE chalkline.budget_proposals IS 'One row per proposal of other caps for a district''s school year, and what a second administrator decided.';

ALTER TABLE chalkline.budget_proposals ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.budget_proposals FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.budget_proposals USING (
    (SELECT current_user = 'chalkline_job') OR district_id = (SELECT chalkline.my_district()))
WITH CHECK (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district())
        AND coalesce(decided_by, proposed_by) = (SELECT chalkline.my_staff())));
COMMENT ON POLICY who_sees ON chalkline.budget_proposals IS 'One proposes in one''s own name and decides in one''s own name; the table refuses to let these be the same.';

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.budget_proposals TO chalkline_job;
GRANT SELECT ON chalkline.budget_proposals TO chalkline_administrator, chalkline_releaser;
GRANT INSERT (district_id, proposal_id, school_year, rho_cap, rho_each, reason, proposed_by)
    ON chalkline.budget_proposals TO chalkline_administrator;
GRANT UPDATE (decided_by, decided_at, decision) ON chalkline.budget_proposals TO chalkline_administrator;

-- The releaser charges and stores; nobody changes or deletes what was released.
GRANT SELECT, INSERT ON chalkline.releases TO chalkline_releaser;
GRANT SELECT, INSERT, UPDATE ON chalkline.release_budgets TO chalkline_releaser;
REVOKE UPDATE, DELETE, TRUNCATE ON chalkline.releases FROM chalkline_job;
REVOKE DELETE, TRUNCATE ON chalkline.release_budgets FROM chalkline_job;
-- Which database this is: the book of releases, kept outside, must not be taken for another's.
GRANT SELECT ON public.chalkline_migrations TO chalkline_releaser, chalkline_administrator;
