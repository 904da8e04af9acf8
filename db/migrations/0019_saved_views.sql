-- A page with its filters, kept under a name.
CREATE TABLE chalkline.saved_views (
    district_id  integer NOT NULL,
    view_id      uuid NOT NULL,
    staff_id     uuid NOT NULL,
    role         text NOT NULL,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    address      text NOT NULL,
    query        jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, view_id),
    UNIQUE (district_id, staff_id, role, name),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.saved_views IS 'One row per page that a member of staff kept with its filters, under a name of her own.';
COMMENT ON COLUMN chalkline.saved_views.query IS 'The filters as in the address; a learner stands there by the viewer''s own token.';

ALTER TABLE chalkline.saved_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.saved_views FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.saved_views USING (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district()) AND staff_id = (SELECT chalkline.my_staff())));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.saved_views TO chalkline_job;
GRANT SELECT, INSERT, DELETE ON chalkline.saved_views TO
    chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records, chalkline_security;
