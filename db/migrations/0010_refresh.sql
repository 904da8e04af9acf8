-- What refresh needs beside the state itself: an exact watermark, and notices about a whole class.
ALTER TABLE chalkline.watermarks ADD COLUMN seen text NOT NULL DEFAULT '';
COMMENT ON COLUMN chalkline.watermarks.seen IS 'Cluster and snapshot of the last refresh, as cluster/xmin:xmax:running: a row is new when its ingest_xid was not visible in it. Of another cluster (a restore): the state is rebuilt whole.';
COMMENT ON COLUMN chalkline.watermarks.updated_at IS 'When refresh last looked; while nothing is new it is moved on once a minute.';

CREATE INDEX mastery_competency ON chalkline.mastery (district_id, competency_id) INCLUDE (evidence, credit);
COMMENT ON INDEX chalkline.mastery_competency IS 'Serves: refresh, which needs a competency''s mean over all learners as the prior of each.';

CREATE TABLE chalkline.class_notices (
    district_id    integer NOT NULL,
    notice_id      uuid NOT NULL,
    class_id       uuid NOT NULL,
    competency_id  uuid NOT NULL REFERENCES chalkline.competencies,
    learners       smallint NOT NULL CHECK (learners > 0),
    struggling     smallint NOT NULL CHECK (struggling BETWEEN 1 AND learners),
    raised_on      date NOT NULL,
    seen_on        date NOT NULL,
    closed_on      date,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (district_id, notice_id),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes
);
CREATE UNIQUE INDEX class_notices_one_alive ON chalkline.class_notices (district_id, class_id, competency_id)
    WHERE closed_on IS NULL;
COMMENT ON TABLE chalkline.class_notices IS 'One row per competency that a third of a class struggles with, from raised to closed: reteach, instead of a flag for each learner.';
COMMENT ON INDEX chalkline.class_notices_one_alive IS 'Serves: the Today page; and refresh, which raises each notice once and finds it again.';
COMMENT ON COLUMN chalkline.class_notices.learners IS 'Enrolled learners of the class; struggling: how many of them struggle.';
COMMENT ON COLUMN chalkline.class_notices.seen_on IS 'Last day on which it still held.';

ALTER TABLE chalkline.class_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.class_notices FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.class_notices USING (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district()) AND class_id = ANY ((SELECT chalkline.my_classes())::uuid[])));
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.class_notices TO chalkline_job;
GRANT SELECT ON chalkline.class_notices TO chalkline_teacher;
