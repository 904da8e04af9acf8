-- Classes, who is in them, and everything a learner does. ingest_xid lets refresh find what is new without a scan.
CREATE TABLE chalkline.classes (
    district_id  integer NOT NULL,
    class_id     uuid NOT NULL,
    school_id    uuid NOT NULL,
    course_id    uuid NOT NULL REFERENCES chalkline.courses,
    term_id      uuid NOT NULL,
    title        text NOT NULL,
    period       text,
    grade_level  smallint CHECK (grade_level BETWEEN 0 AND 13),
    starts_on    date NOT NULL,
    ends_on      date NOT NULL,
    source_id    text,
    PRIMARY KEY (district_id, class_id),
    UNIQUE (district_id, source_id),
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions,
    FOREIGN KEY (district_id, term_id) REFERENCES chalkline.academic_terms,
    CHECK (ends_on > starts_on)
);
CREATE INDEX classes_course ON chalkline.classes (district_id, course_id);
COMMENT ON TABLE chalkline.classes IS 'One row per class: a course taught to a group of learners in a term.';

CREATE TABLE chalkline.class_staff (
    district_id  integer NOT NULL,
    class_id     uuid NOT NULL,
    staff_id     uuid NOT NULL,
    duty         text NOT NULL DEFAULT 'lead' CHECK (duty IN ('lead', 'co_teacher', 'cover')),
    starts_on    date NOT NULL,
    ends_on      date,
    PRIMARY KEY (district_id, class_id, staff_id, starts_on),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes,
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff
);
CREATE INDEX class_staff_person ON chalkline.class_staff (district_id, staff_id) INCLUDE (class_id, starts_on, ends_on);
COMMENT ON TABLE chalkline.class_staff IS 'One row per teacher of a class, from a day on.';
COMMENT ON INDEX chalkline.class_staff_person IS 'Serves: my_classes(), the scope of every query of a teacher.';

CREATE TABLE chalkline.enrollments (
    district_id      integer NOT NULL,
    class_id         uuid NOT NULL,
    learner_id       uuid NOT NULL,
    status           text NOT NULL DEFAULT 'enrolled' CHECK (status IN ('enrolled', 'completed', 'withdrawn', 'failed')),
    enrolled_on      date NOT NULL,
    left_on          date,
    prior_attempts   smallint NOT NULL DEFAULT 0 CHECK (prior_attempts >= 0),
    studied_credits  smallint,
    final_result     text CHECK (final_result IN ('distinction', 'pass', 'fail', 'withdrawn')),
    final_grade      real CHECK (final_grade BETWEEN 0 AND 100),
    learning_goals   jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (district_id, class_id, learner_id),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes,
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners,
    CHECK (left_on IS NULL OR status <> 'enrolled' OR left_on >= enrolled_on)
);
CREATE INDEX enrollments_learner ON chalkline.enrollments (district_id, learner_id) INCLUDE (class_id, status);
COMMENT ON TABLE chalkline.enrollments IS 'One row per learner per class.';
COMMENT ON INDEX chalkline.enrollments_learner IS 'Serves: a learner''s classes (learner page, counselor).';
COMMENT ON COLUMN chalkline.enrollments.left_on IS 'Day of withdrawal; status then is withdrawn, seen from that day on.';
COMMENT ON COLUMN chalkline.enrollments.prior_attempts IS 'Times the learner has taken this course before.';
COMMENT ON COLUMN chalkline.enrollments.final_result IS 'The outcome as known at the end; no model may read it before the class has ended.';

CREATE TABLE chalkline.caseloads (
    district_id  integer NOT NULL,
    staff_id     uuid NOT NULL,
    learner_id   uuid NOT NULL,
    starts_on    date NOT NULL,
    ends_on      date,
    rule         text NOT NULL DEFAULT '',
    PRIMARY KEY (district_id, staff_id, learner_id, starts_on),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX caseloads_learner ON chalkline.caseloads (district_id, learner_id);
COMMENT ON TABLE chalkline.caseloads IS 'One row per learner on a counselor''s caseload, from a day on.';
COMMENT ON COLUMN chalkline.caseloads.rule IS 'The assignment rule in words, e.g. "grade 7, A-M".';

CREATE TABLE chalkline.section_progress (
    district_id            integer NOT NULL,
    class_id               uuid NOT NULL,
    learner_id             uuid NOT NULL,
    section_id             uuid NOT NULL REFERENCES chalkline.sections,
    status                 text NOT NULL CHECK (status IN ('not_started', 'in_progress', 'completed', 'mastered')),
    completion_percentage  real NOT NULL DEFAULT 0 CHECK (completion_percentage BETWEEN 0 AND 100),
    first_opened_at        timestamptz,
    last_opened_at         timestamptz,
    completed_at           timestamptz,
    seconds_spent          integer CHECK (seconds_spent >= 0),
    interactions           integer NOT NULL DEFAULT 0 CHECK (interactions >= 0),
    help_requests          integer NOT NULL DEFAULT 0 CHECK (help_requests >= 0),
    comprehension          real CHECK (comprehension BETWEEN 0 AND 1),
    retention              real CHECK (retention BETWEEN 0 AND 1),
    application            real CHECK (application BETWEEN 0 AND 1),
    ingest_xid             bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    PRIMARY KEY (district_id, class_id, learner_id, section_id),
    FOREIGN KEY (district_id, class_id, learner_id) REFERENCES chalkline.enrollments ON DELETE CASCADE
);
CREATE INDEX section_progress_new ON chalkline.section_progress USING brin (ingest_xid) WITH (pages_per_range = 32);
COMMENT ON TABLE chalkline.section_progress IS 'One row per learner per section of her class; a writer updates it and sets ingest_xid again.';
COMMENT ON COLUMN chalkline.section_progress.seconds_spent IS 'Null where the source does not record time.';
COMMENT ON COLUMN chalkline.section_progress.comprehension IS 'Share of understanding shown in the section''s own checks, 0 to 1.';

CREATE TABLE chalkline.learning_interactions (
    district_id       integer NOT NULL,
    occurred_at       timestamptz NOT NULL,
    interaction_id    uuid NOT NULL,
    learner_id        uuid NOT NULL,
    class_id          uuid NOT NULL,
    section_id        uuid,
    content_id        uuid,
    session_id        uuid,
    type              chalkline.interaction_type NOT NULL,
    outcome           chalkline.outcome NOT NULL,
    bloom_level       chalkline.bloom_level,
    clicks            integer NOT NULL DEFAULT 1 CHECK (clicks >= 1),
    duration_seconds  integer CHECK (duration_seconds >= 0),
    device            text,
    detail            jsonb,
    ingest_xid        bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    PRIMARY KEY (district_id, occurred_at, interaction_id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX learning_interactions_of_learner ON chalkline.learning_interactions
    (district_id, learner_id, class_id, occurred_at) INCLUDE (type, outcome, duration_seconds);
CREATE INDEX learning_interactions_new ON chalkline.learning_interactions USING brin (ingest_xid) WITH (pages_per_range = 32);
COMMENT ON TABLE chalkline.learning_interactions IS 'One row per interaction of a learner, or per learner, piece of content and day where the source counts clicks a day. Partitioned by month.';
COMMENT ON INDEX chalkline.learning_interactions_of_learner IS 'Serves: a learner''s timeline, and refresh of one learner''s days.';
COMMENT ON INDEX chalkline.learning_interactions_new IS 'Serves: refresh, which asks what came since its watermark.';
COMMENT ON COLUMN chalkline.learning_interactions.interaction_id IS 'Made by the loader from the source, so that loading twice adds nothing.';
COMMENT ON COLUMN chalkline.learning_interactions.clicks IS 'How many clicks the row stands for.';

CREATE TABLE chalkline.learning_sessions (
    district_id     integer NOT NULL,
    session_id      uuid NOT NULL,
    learner_id      uuid NOT NULL,
    class_id        uuid NOT NULL,
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    active_seconds  integer CHECK (active_seconds >= 0),
    interactions    integer NOT NULL DEFAULT 0 CHECK (interactions >= 0),
    engagement      text CHECK (engagement IN ('low', 'medium', 'high', 'very_high')),
    device          text,
    PRIMARY KEY (district_id, session_id),
    FOREIGN KEY (district_id, class_id, learner_id) REFERENCES chalkline.enrollments ON DELETE CASCADE,
    CHECK (ended_at IS NULL OR ended_at >= started_at)
);
CREATE INDEX learning_sessions_learner ON chalkline.learning_sessions (district_id, learner_id, started_at DESC);
COMMENT ON TABLE chalkline.learning_sessions IS 'One row per sitting of a learner in a class.';
COMMENT ON INDEX chalkline.learning_sessions_learner IS 'Serves: the learner page''s latest sessions.';

CREATE TABLE chalkline.assessments (
    district_id         integer NOT NULL,
    assessment_id       uuid NOT NULL,
    course_id           uuid NOT NULL REFERENCES chalkline.courses,
    term_id             uuid NOT NULL,
    section_id          uuid REFERENCES chalkline.sections,
    title               text NOT NULL,
    type                text NOT NULL CHECK (type IN ('formative', 'summative', 'diagnostic', 'peer', 'self')),
    format              text NOT NULL CHECK (format IN ('multiple_choice', 'short_answer', 'essay', 'project', 'presentation', 'simulation', 'computer_marked', 'exam')),
    total_points        real NOT NULL DEFAULT 100 CHECK (total_points > 0),
    passing_percent     real NOT NULL DEFAULT 40 CHECK (passing_percent BETWEEN 0 AND 100),
    weight              real NOT NULL DEFAULT 0 CHECK (weight BETWEEN 0 AND 100),
    time_limit_minutes  integer CHECK (time_limit_minutes > 0),
    attempts_allowed    smallint NOT NULL DEFAULT 1 CHECK (attempts_allowed >= 1),
    source_id           text,
    PRIMARY KEY (district_id, assessment_id),
    UNIQUE (district_id, source_id),
    FOREIGN KEY (district_id, term_id) REFERENCES chalkline.academic_terms
);
CREATE INDEX assessments_course ON chalkline.assessments (district_id, course_id, term_id);
COMMENT ON TABLE chalkline.assessments IS 'One row per assessment of a course in a term.';
COMMENT ON COLUMN chalkline.assessments.weight IS 'Percent of the course grade; 0 counts for nothing.';

CREATE TABLE chalkline.class_assessments (
    district_id    integer NOT NULL,
    class_id       uuid NOT NULL,
    assessment_id  uuid NOT NULL,
    opens_on       date,
    due_on         date,
    PRIMARY KEY (district_id, class_id, assessment_id),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes,
    FOREIGN KEY (district_id, assessment_id) REFERENCES chalkline.assessments
);
COMMENT ON TABLE chalkline.class_assessments IS 'One row per assessment set for a class, with the day it is due.';
COMMENT ON COLUMN chalkline.class_assessments.due_on IS 'Null when the source gives no date (then it is never missing).';

CREATE TABLE chalkline.assessment_items (
    district_id    integer NOT NULL,
    item_id        uuid NOT NULL,
    assessment_id  uuid NOT NULL,
    position       smallint NOT NULL CHECK (position >= 1),
    stem           text NOT NULL,
    kind           text NOT NULL DEFAULT 'multiple_choice' CHECK (kind IN ('multiple_choice', 'numeric', 'short_answer', 'extended')),
    points         real NOT NULL DEFAULT 1 CHECK (points > 0),
    options        jsonb NOT NULL DEFAULT '[]',
    answer_key     text,
    bloom_level    chalkline.bloom_level,
    PRIMARY KEY (district_id, item_id),
    UNIQUE (district_id, assessment_id, position),
    FOREIGN KEY (district_id, assessment_id) REFERENCES chalkline.assessments
);
COMMENT ON TABLE chalkline.assessment_items IS 'One row per item (question) of an assessment.';
COMMENT ON COLUMN chalkline.assessment_items.options IS 'List of {"key", "text", "misconception"}; empty for open answers.';

CREATE TABLE chalkline.item_competencies (
    district_id    integer NOT NULL,
    item_id        uuid NOT NULL,
    competency_id  uuid NOT NULL REFERENCES chalkline.competencies,
    PRIMARY KEY (district_id, item_id, competency_id),
    FOREIGN KEY (district_id, item_id) REFERENCES chalkline.assessment_items
);
COMMENT ON TABLE chalkline.item_competencies IS 'One row per item and competency it measures.';

CREATE TABLE chalkline.assessment_attempts (
    district_id     integer NOT NULL,
    attempt_id      uuid NOT NULL,
    class_id        uuid NOT NULL,
    learner_id      uuid NOT NULL,
    assessment_id   uuid NOT NULL,
    attempt_number  smallint NOT NULL DEFAULT 1 CHECK (attempt_number >= 1),
    started_at      timestamptz,
    submitted_at    timestamptz,
    marked_at       timestamptz,
    seconds_spent   integer CHECK (seconds_spent >= 0),
    percent         real CHECK (percent BETWEEN 0 AND 100),
    passed          boolean,
    banked          boolean NOT NULL DEFAULT false,
    status          text NOT NULL DEFAULT 'graded' CHECK (status IN ('in_progress', 'submitted', 'graded', 'reviewed')),
    ingest_xid      bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    PRIMARY KEY (district_id, attempt_id),
    UNIQUE (district_id, class_id, learner_id, assessment_id, attempt_number),
    FOREIGN KEY (district_id, class_id, learner_id) REFERENCES chalkline.enrollments ON DELETE CASCADE,
    FOREIGN KEY (district_id, assessment_id) REFERENCES chalkline.assessments
);
CREATE INDEX assessment_attempts_new ON chalkline.assessment_attempts USING brin (ingest_xid) WITH (pages_per_range = 32);
COMMENT ON TABLE chalkline.assessment_attempts IS 'One row per attempt of a learner at an assessment.';
COMMENT ON COLUMN chalkline.assessment_attempts.banked IS 'Result carried over from an earlier time the learner took the course.';
COMMENT ON COLUMN chalkline.assessment_attempts.marked_at IS 'When the result became known; null while unmarked, or where the source does not say.';

CREATE TABLE chalkline.item_responses (
    district_id  integer NOT NULL,
    class_id     uuid NOT NULL,
    learner_id   uuid NOT NULL,
    item_id      uuid NOT NULL,
    attempt_id   uuid NOT NULL,
    answered_at  timestamptz NOT NULL,
    answer       text,
    credit       real NOT NULL CHECK (credit BETWEEN 0 AND 1),
    seconds      real CHECK (seconds >= 0),
    ingest_xid   bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    PRIMARY KEY (district_id, class_id, learner_id, item_id, attempt_id),
    FOREIGN KEY (district_id, item_id) REFERENCES chalkline.assessment_items,
    FOREIGN KEY (district_id, attempt_id) REFERENCES chalkline.assessment_attempts ON DELETE CASCADE
);
CREATE INDEX item_responses_item ON chalkline.item_responses (district_id, item_id);
CREATE INDEX item_responses_learner ON chalkline.item_responses (district_id, learner_id, item_id);
CREATE INDEX item_responses_new ON chalkline.item_responses USING brin (ingest_xid) WITH (pages_per_range = 32);
COMMENT ON TABLE chalkline.item_responses IS 'One row per answer of a learner to an item in an attempt.';
COMMENT ON INDEX chalkline.item_responses_item IS 'Serves: refresh of an assessment''s sufficient statistics.';
COMMENT ON INDEX chalkline.item_responses_learner IS 'Serves: refresh of a learner''s mastery.';
COMMENT ON COLUMN chalkline.item_responses.credit IS 'Share of the item''s points earned: 1 is right, 0 is wrong.';
COMMENT ON COLUMN chalkline.item_responses.answer IS 'The option chosen, or the text given.';

CREATE TABLE chalkline.attendance (
    district_id  integer NOT NULL,
    learner_id   uuid NOT NULL,
    on_date      date NOT NULL,
    school_id    uuid NOT NULL,
    status       text NOT NULL CHECK (status IN ('present', 'late', 'absent', 'excused')),
    ingest_xid   bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    PRIMARY KEY (district_id, learner_id, on_date),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions
);
CREATE INDEX attendance_new ON chalkline.attendance USING brin (ingest_xid) WITH (pages_per_range = 32);
COMMENT ON TABLE chalkline.attendance IS 'One row per learner per school day.';

CREATE TABLE chalkline.behaviour_events (
    district_id  integer NOT NULL,
    event_id     uuid NOT NULL,
    learner_id   uuid NOT NULL,
    occurred_at  timestamptz NOT NULL,
    kind         text NOT NULL,
    severity     smallint NOT NULL DEFAULT 1 CHECK (severity BETWEEN 1 AND 5),
    reported_by  uuid,
    PRIMARY KEY (district_id, event_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX behaviour_events_learner ON chalkline.behaviour_events (district_id, learner_id, occurred_at DESC);
COMMENT ON TABLE chalkline.behaviour_events IS 'One row per reported event of behaviour, good or bad.';
