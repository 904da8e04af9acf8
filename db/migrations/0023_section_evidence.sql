-- What a proposal to teach a section again rests on.
CREATE TABLE chalkline.section_evidence (
    district_id  integer NOT NULL,
    class_id     uuid NOT NULL,
    section_id   uuid NOT NULL REFERENCES chalkline.sections,
    learners     integer NOT NULL CHECK (learners > 0),
    share        real NOT NULL CHECK (share BETWEEN 0 AND 1),
    gained       boolean NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, class_id, section_id),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes
);
COMMENT ON TABLE chalkline.section_evidence IS 'One row per class and section that worked on at least k learners of other teachers: what a proposal to teach the section again rests on.';
COMMENT ON COLUMN chalkline.section_evidence.learners IS 'Learners checked after the section in classes that no teacher of this class teaches, in tens; share: of the check they got right, in twentieths. Both rounded, and never about her own classes, so that nobody can be subtracted.';
COMMENT ON COLUMN chalkline.section_evidence.gained IS 'Whether learners gained surely by it (content_effectiveness.gain_low above nought).';

ALTER TABLE chalkline.section_evidence ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.section_evidence FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.section_evidence USING (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district()) AND class_id = ANY ((SELECT chalkline.my_classes())::uuid[])));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.section_evidence TO chalkline_job;
GRANT SELECT ON chalkline.section_evidence TO chalkline_teacher;
