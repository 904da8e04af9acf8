-- What is measured about content and cohorts over a whole district, made safe to show to its staff.
ALTER TABLE chalkline.content_effectiveness
    ADD COLUMN measures jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN worth real NOT NULL DEFAULT 0 CHECK (worth >= 0),
    ADD CONSTRAINT content_effectiveness_group CHECK (learners >= 5);
COMMENT ON COLUMN chalkline.content_effectiveness.measures IS 'Per measure: learners, and the figure drawn toward the course (empirical Bayes) with its 90 % interval and the course''s mean. The columns hold the figures as they were.';
COMMENT ON COLUMN chalkline.content_effectiveness.retention IS 'Share right two weeks and more after first being asked, of those who knew it then.';
COMMENT ON COLUMN chalkline.content_effectiveness.transfer IS 'Share right on competencies that build on those of the section.';
COMMENT ON COLUMN chalkline.content_effectiveness.gain IS 'Share right after the section beyond what the learners'' earlier answers foretold, drawn toward the course; gain_low and gain_high bound it (90 %).';
COMMENT ON COLUMN chalkline.content_effectiveness.alignment IS 'Share of the section''s standards that are on the course''s own list.';
COMMENT ON COLUMN chalkline.content_effectiveness.worth IS 'How much it is worth fixing: the sum of the weights of its suggestions.';
CREATE INDEX content_effectiveness_course ON chalkline.content_effectiveness (district_id, course_id, term_id);
COMMENT ON INDEX chalkline.content_effectiveness_course IS 'Serves: the Content page, which shows one course.';

ALTER TABLE chalkline.item_statistics
    ALTER COLUMN dif SET DEFAULT '[]',
    ADD CONSTRAINT item_statistics_group CHECK (learners >= 5);
COMMENT ON COLUMN chalkline.item_statistics.options IS 'Share of all, of the upper and of the lower 27 % by total that chose each option, in whole percents.';
COMMENT ON COLUMN chalkline.item_statistics.dif IS 'A list, one entry a group compared: Mantel-Haenszel delta with its 95 % interval and ETS class.';

CREATE TABLE chalkline.assessment_statistics (
    district_id    integer NOT NULL,
    assessment_id  uuid NOT NULL,
    learners       integer NOT NULL CHECK (learners >= 5),
    items          smallint NOT NULL CHECK (items >= 1),
    alpha          real,
    alpha_low      real,
    alpha_high     real,
    measured_at    timestamptz NOT NULL,
    PRIMARY KEY (district_id, assessment_id),
    FOREIGN KEY (district_id, assessment_id) REFERENCES chalkline.assessments
);
COMMENT ON TABLE chalkline.assessment_statistics IS 'One row per assessment of a district: its reliability over all its classes.';
COMMENT ON COLUMN chalkline.assessment_statistics.alpha IS 'Cronbach''s alpha (KR-20 for right or wrong); alpha_low and alpha_high bound it (90 %, Feldt).';

CREATE TABLE chalkline.content_measured (
    district_id  integer NOT NULL,
    course_id    uuid NOT NULL REFERENCES chalkline.courses,
    term_id      uuid NOT NULL,
    seen         text NOT NULL,
    as_of        date NOT NULL,
    measured_at  timestamptz NOT NULL,
    PRIMARY KEY (district_id, course_id, term_id),
    FOREIGN KEY (district_id, term_id) REFERENCES chalkline.academic_terms
);
COMMENT ON TABLE chalkline.content_measured IS 'One row per course and term of a district: up to which snapshot its content has been measured.';
COMMENT ON COLUMN chalkline.content_measured.seen IS 'PostgreSQL''s text for the snapshot: it is measured again when k learners have rows that were not visible in it.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['assessment_statistics', 'content_measured'] LOOP
        EXECUTE format('ALTER TABLE chalkline.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE chalkline.%I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    -- No learner in them, k learners at least behind every row: the district's own staff.
    FOREACH name IN ARRAY ARRAY['content_effectiveness', 'item_statistics', 'learning_patterns',
                                'assessment_statistics', 'content_measured'] LOOP
        EXECUTE format('DROP POLICY IF EXISTS who_sees ON chalkline.%I', name);
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING ('
            '(SELECT current_user = ''chalkline_job'') OR '
            'district_id = (SELECT chalkline.my_district()))', name);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.assessment_statistics,
    chalkline.content_measured TO chalkline_job;
GRANT SELECT ON chalkline.content_effectiveness, chalkline.item_statistics,
    chalkline.assessment_statistics, chalkline.content_measured TO chalkline_teacher;
GRANT SELECT ON chalkline.learning_patterns, chalkline.learner_groups
    TO chalkline_teacher, chalkline_counselor;
