-- Groups to teach again that a teacher keeps: with what, when, who is in them and who has left.
CREATE TABLE chalkline.kept_groups (
    district_id    integer NOT NULL,
    class_id       uuid NOT NULL,
    group_id       uuid NOT NULL,
    competency_id  uuid NOT NULL REFERENCES chalkline.competencies,
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    meets          text NOT NULL DEFAULT '' CHECK (length(meets) <= 60),
    made_on        date NOT NULL,
    done_on        date,
    changed_by     uuid NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (district_id, class_id, group_id),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes,
    FOREIGN KEY (district_id, changed_by) REFERENCES chalkline.staff,
    CHECK (done_on >= made_on)
);
COMMENT ON TABLE chalkline.kept_groups IS 'One row per group of a class that its teacher keeps to teach a competency again.';
COMMENT ON COLUMN chalkline.kept_groups.meets IS 'When they meet, in the teacher''s words.';
COMMENT ON COLUMN chalkline.kept_groups.changed_by IS 'Who changed it last; at first, who made it.';

CREATE TABLE chalkline.kept_group_learners (
    district_id  integer NOT NULL,
    class_id     uuid NOT NULL,
    group_id     uuid NOT NULL,
    learner_id   uuid NOT NULL,
    joined_on    date NOT NULL,
    left_on      date,
    changed_by   uuid NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, class_id, group_id, learner_id),
    FOREIGN KEY (district_id, class_id, group_id) REFERENCES chalkline.kept_groups ON DELETE CASCADE,
    FOREIGN KEY (district_id, class_id, learner_id) REFERENCES chalkline.enrollments ON DELETE CASCADE,
    FOREIGN KEY (district_id, changed_by) REFERENCES chalkline.staff,
    CHECK (left_on >= joined_on)
);
CREATE INDEX kept_group_learners_learner ON chalkline.kept_group_learners (district_id, learner_id);
COMMENT ON TABLE chalkline.kept_group_learners IS 'One row per learner of a kept group; left_on is the day she was taken out of it.';
COMMENT ON INDEX chalkline.kept_group_learners_learner IS 'Serves: the copy of a record, and erasing.';

DO $$
DECLARE
    job   text := '(SELECT current_user = ''chalkline_job'')';
    class text := 'district_id = (SELECT chalkline.my_district()) AND class_id = ANY ((SELECT chalkline.my_classes())::uuid[])';
    me    text := 'changed_by = (SELECT chalkline.my_staff())';
    named text;
BEGIN
    FOREACH named IN ARRAY ARRAY['kept_groups', 'kept_group_learners'] LOOP
        EXECUTE format('ALTER TABLE chalkline.%I ENABLE ROW LEVEL SECURITY', named);
        EXECUTE format('ALTER TABLE chalkline.%I FORCE ROW LEVEL SECURITY', named);
        -- The teachers of the class, and each change under the name of whoever made it.
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING (%s OR (%s)) WITH CHECK (%s OR (%s AND %s))',
            named, job, class, job, class, me);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.%I TO chalkline_job', named);
        EXECUTE format('GRANT SELECT, INSERT ON chalkline.%I TO chalkline_teacher', named);
    END LOOP;
END $$;
GRANT UPDATE (name, meets, done_on, changed_by, updated_at) ON chalkline.kept_groups TO chalkline_teacher;
GRANT UPDATE (joined_on, left_on, changed_by, updated_at) ON chalkline.kept_group_learners TO chalkline_teacher;
