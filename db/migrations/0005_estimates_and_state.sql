-- What is believed about learners and content, and the state that pages read instead of history.
CREATE TABLE chalkline.mastery (
    district_id        integer NOT NULL,
    learner_id         uuid NOT NULL,
    competency_id      uuid NOT NULL REFERENCES chalkline.competencies,
    probability        real NOT NULL CHECK (probability BETWEEN 0 AND 1),
    low                real NOT NULL CHECK (low BETWEEN 0 AND 1),
    high               real NOT NULL CHECK (high BETWEEN 0 AND 1),
    next_right         real NOT NULL CHECK (next_right BETWEEN 0 AND 1),
    label              text NOT NULL CHECK (label IN ('not enough evidence', 'struggling', 'developing', 'mastered')),
    evidence           integer NOT NULL CHECK (evidence >= 0),
    credit             real NOT NULL CHECK (credit >= 0),
    bloom_level        chalkline.bloom_level,
    first_answer_at    timestamptz,
    last_answer_at     timestamptz,
    mastered_at        timestamptz,
    minutes_to_mastery real CHECK (minutes_to_mastery >= 0),
    model_state        jsonb,
    updated_at         timestamptz NOT NULL,
    PRIMARY KEY (district_id, learner_id, competency_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    CHECK (low <= high)
);
COMMENT ON TABLE chalkline.mastery IS 'One row per learner per competency with at least one answer.';
COMMENT ON COLUMN chalkline.mastery.probability IS 'P(mastery); low and high bound it (90 %).';
COMMENT ON COLUMN chalkline.mastery.next_right IS 'Probability that the next answer is right.';
COMMENT ON COLUMN chalkline.mastery.evidence IS 'Answers the estimate rests on.';
COMMENT ON COLUMN chalkline.mastery.credit IS 'Sum of credit over those answers.';
COMMENT ON COLUMN chalkline.mastery.bloom_level IS 'Highest level of Bloom''s taxonomy shown in answers with full credit.';

CREATE TABLE chalkline.risk_models (
    district_id    integer NOT NULL,
    model_version  text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('rules', 'transparent', 'boosted')),
    features       jsonb NOT NULL,
    parameters     jsonb NOT NULL,
    trained_from   date,
    trained_to     date,
    metrics        jsonb NOT NULL DEFAULT '{}',
    in_use         boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, model_version)
);
COMMENT ON TABLE chalkline.risk_models IS 'One row per version of a risk model of a district.';

CREATE TABLE chalkline.risk_scores (
    district_id    integer NOT NULL,
    class_id       uuid NOT NULL,
    learner_id     uuid NOT NULL,
    as_of          date NOT NULL,
    model_version  text NOT NULL,
    probability    real NOT NULL CHECK (probability BETWEEN 0 AND 1),
    low            real NOT NULL CHECK (low BETWEEN 0 AND 1),
    high           real NOT NULL CHECK (high BETWEEN 0 AND 1),
    reasons        jsonb NOT NULL DEFAULT '[]',
    clears_when    jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (district_id, class_id, learner_id, as_of),
    FOREIGN KEY (district_id, class_id, learner_id) REFERENCES chalkline.enrollments ON DELETE CASCADE,
    FOREIGN KEY (district_id, model_version) REFERENCES chalkline.risk_models
);
COMMENT ON TABLE chalkline.risk_scores IS 'One row per enrolment and day on which it was scored, as known on that day.';

CREATE TABLE chalkline.enrollment_state (
    district_id         integer NOT NULL,
    class_id            uuid NOT NULL,
    learner_id          uuid NOT NULL,
    as_of               date NOT NULL,
    enrolled            boolean NOT NULL,
    last_active_on      date,
    active_days_28      smallint NOT NULL,
    active_days_before  smallint NOT NULL,
    clicks_28           integer NOT NULL,
    clicks_before       integer NOT NULL,
    minutes_28          real,
    help_requests_28    integer NOT NULL,
    weekly_clicks       integer[] NOT NULL,
    class_activity      real,
    work_due            smallint NOT NULL,
    work_missing        smallint NOT NULL,
    missing_since       date,
    work_late           smallint NOT NULL,
    score_mean          real,
    score_recent        real,
    score_percentile    real,
    days_enrolled_28    smallint NOT NULL,
    days_absent_28      smallint NOT NULL,
    last_absent_on      date,
    low_competencies    uuid[] NOT NULL,
    mastered            smallint NOT NULL,
    assessed            smallint NOT NULL,
    progress            real,
    updated_at          timestamptz NOT NULL,
    PRIMARY KEY (district_id, class_id, learner_id),
    FOREIGN KEY (district_id, class_id, learner_id) REFERENCES chalkline.enrollments ON DELETE CASCADE
);
CREATE INDEX enrollment_state_learner ON chalkline.enrollment_state (district_id, learner_id);
COMMENT ON TABLE chalkline.enrollment_state IS 'One row per enrolment: what a page needs to know of it as of a day. Rebuilt by refresh.';
COMMENT ON INDEX chalkline.enrollment_state_learner IS 'Serves: the learner page and the counselor''s caseload.';
COMMENT ON COLUMN chalkline.enrollment_state.active_days_28 IS 'Days with activity among the last 28, as_of included; active_days_before: among the 28 before those.';
COMMENT ON COLUMN chalkline.enrollment_state.clicks_28 IS 'Interactions (clicks where the source counts clicks) in the last 28 days; clicks_before: in the 28 before those.';
COMMENT ON COLUMN chalkline.enrollment_state.weekly_clicks IS 'Interactions a week over the last 12 weeks, oldest first.';
COMMENT ON COLUMN chalkline.enrollment_state.class_activity IS 'Median over the class of clicks_28 / clicks_before: below 1 the whole class is quieter (a holiday).';
COMMENT ON COLUMN chalkline.enrollment_state.work_due IS 'Assessments due so far that count (zero weight only where nothing carries weight).';
COMMENT ON COLUMN chalkline.enrollment_state.work_missing IS 'Of those, never submitted; missing_since is the earliest such due day among the last 8 weeks.';
COMMENT ON COLUMN chalkline.enrollment_state.score_mean IS 'Weighted mean percent of marked work; score_recent: the latest result.';
COMMENT ON COLUMN chalkline.enrollment_state.score_percentile IS 'Rank of score_mean within the class, 0 to 1.';
COMMENT ON COLUMN chalkline.enrollment_state.low_competencies IS 'Competencies taught in the last six weeks or now that the learner struggles with, lowest first.';
COMMENT ON COLUMN chalkline.enrollment_state.progress IS 'Share of the sections opened so far that are completed, 0 to 1; null without sections.';

CREATE TABLE chalkline.activity_days (
    district_id    integer NOT NULL,
    class_id       uuid NOT NULL,
    learner_id     uuid NOT NULL,
    on_date        date NOT NULL,
    clicks         integer NOT NULL,
    seconds        integer,
    help_requests  integer NOT NULL,
    answers        integer NOT NULL,
    right_answers  integer NOT NULL,
    PRIMARY KEY (district_id, class_id, learner_id, on_date)
);
CREATE INDEX activity_days_learner ON chalkline.activity_days (district_id, learner_id, on_date);
COMMENT ON TABLE chalkline.activity_days IS 'One row per learner, class and day with activity. Rebuilt by refresh from learning_interactions.';
COMMENT ON INDEX chalkline.activity_days_learner IS 'Serves: the activity line of the learner page.';

CREATE TABLE chalkline.section_state (
    district_id         integer NOT NULL,
    class_id            uuid NOT NULL,
    section_id          uuid NOT NULL REFERENCES chalkline.sections,
    learners            integer NOT NULL,
    started             integer NOT NULL,
    completed           integer NOT NULL,
    timed               integer NOT NULL,
    sum_minutes         double precision NOT NULL,
    sum_minutes_squared double precision NOT NULL,
    median_minutes      real,
    checked             integer NOT NULL,
    sum_comprehension   double precision NOT NULL,
    sum_comprehension_squared double precision NOT NULL,
    help_requests       integer NOT NULL,
    learners_helped     integer NOT NULL,
    updated_at          timestamptz NOT NULL,
    PRIMARY KEY (district_id, class_id, section_id),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes
);
COMMENT ON TABLE chalkline.section_state IS 'One row per class and section: sufficient statistics of section_progress. Rebuilt by refresh.';
COMMENT ON COLUMN chalkline.section_state.timed IS 'Learners with recorded time; checked: with a comprehension score.';
COMMENT ON COLUMN chalkline.section_state.learners_helped IS 'Learners who asked for help at least once.';

CREATE TABLE chalkline.assessment_state (
    district_id      integer NOT NULL,
    class_id         uuid NOT NULL,
    assessment_id    uuid NOT NULL,
    learners         integer NOT NULL,
    submitted        integer NOT NULL,
    marked           integer NOT NULL,
    late             integer NOT NULL,
    sum_percent      double precision NOT NULL,
    sum_percent_squared double precision NOT NULL,
    median_percent   real,
    passed           integer NOT NULL,
    complete         integer NOT NULL,
    sum_total        double precision NOT NULL,
    sum_total_squared double precision NOT NULL,
    items            uuid[] NOT NULL,
    item_n           integer[] NOT NULL,
    item_sum         double precision[] NOT NULL,
    item_sum_squared double precision[] NOT NULL,
    item_sum_product double precision[] NOT NULL,
    item_upper       integer[] NOT NULL,
    item_upper_right double precision[] NOT NULL,
    item_lower       integer[] NOT NULL,
    item_lower_right double precision[] NOT NULL,
    item_options     jsonb NOT NULL,
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (district_id, class_id, assessment_id),
    FOREIGN KEY (district_id, class_id, assessment_id) REFERENCES chalkline.class_assessments
);
COMMENT ON TABLE chalkline.assessment_state IS 'One row per class and assessment: sufficient statistics of first attempts, so that difficulty, discrimination and KR-20 need no scan. Rebuilt by refresh.';
COMMENT ON COLUMN chalkline.assessment_state.complete IS 'Learners with an answer to every item; totals and products are over them.';
COMMENT ON COLUMN chalkline.assessment_state.sum_total IS 'Sum over complete learners of total credit (in items).';
COMMENT ON COLUMN chalkline.assessment_state.item_n IS 'Per item, in the order of items: complete learners; item_sum and item_sum_squared: of credit; item_sum_product: of credit x total credit.';
COMMENT ON COLUMN chalkline.assessment_state.item_upper IS 'Per item: learners in the upper 27 % by total (lower: in the lower 27 %) and credit among them.';
COMMENT ON COLUMN chalkline.assessment_state.item_options IS 'Per item identifier: {"option": learners who chose it}.';

CREATE TABLE chalkline.school_grade_state (
    district_id      integer NOT NULL,
    school_id        uuid NOT NULL,
    grade_level      smallint NOT NULL,
    as_of            date NOT NULL,
    learners         integer NOT NULL,
    active_28        integer NOT NULL,
    sum_progress     double precision NOT NULL,
    sum_score        double precision NOT NULL,
    scored           integer NOT NULL,
    chronically_absent integer NOT NULL,
    flagged          integer NOT NULL,
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (district_id, school_id, grade_level, as_of)
);
COMMENT ON TABLE chalkline.school_grade_state IS 'One row per school, grade and day of snapshot; exact, so read only by the releaser.';
COMMENT ON COLUMN chalkline.school_grade_state.grade_level IS '-1 where grades do not exist.';

CREATE TABLE chalkline.content_effectiveness (
    district_id    integer NOT NULL,
    course_id      uuid NOT NULL REFERENCES chalkline.courses,
    section_id     uuid NOT NULL REFERENCES chalkline.sections,
    term_id        uuid NOT NULL,
    learners       integer NOT NULL,
    completion     real,
    minutes        real,
    comprehension  real,
    retention      real,
    transfer       real,
    gain           real,
    gain_low       real,
    gain_high      real,
    accessibility  jsonb NOT NULL DEFAULT '{}',
    alignment      real,
    suggestions    jsonb NOT NULL DEFAULT '[]',
    measured_at    timestamptz NOT NULL,
    PRIMARY KEY (district_id, section_id, term_id)
);
COMMENT ON TABLE chalkline.content_effectiveness IS 'One row per section and term of a district: how well it taught, over all its classes.';

CREATE TABLE chalkline.item_statistics (
    district_id     integer NOT NULL,
    item_id         uuid NOT NULL,
    learners        integer NOT NULL,
    difficulty      real,
    point_biserial  real,
    d_index         real,
    options         jsonb NOT NULL DEFAULT '{}',
    dif             jsonb NOT NULL DEFAULT '{}',
    measured_at     timestamptz NOT NULL,
    PRIMARY KEY (district_id, item_id),
    FOREIGN KEY (district_id, item_id) REFERENCES chalkline.assessment_items
);
COMMENT ON TABLE chalkline.item_statistics IS 'One row per item of a district, over all its classes.';
COMMENT ON COLUMN chalkline.item_statistics.difficulty IS 'Mean credit (the share right): high is easy.';

CREATE TABLE chalkline.learning_patterns (
    district_id   integer NOT NULL,
    pattern_id    uuid NOT NULL,
    group_id      uuid NOT NULL,
    dimension     text NOT NULL CHECK (dimension IN ('time_of_day', 'pace', 'session_length', 'content_format', 'feedback_delay', 'engagement', 'velocity')),
    figures       jsonb NOT NULL,
    learners      integer NOT NULL CHECK (learners >= 5),
    analysed_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, pattern_id),
    FOREIGN KEY (district_id, group_id) REFERENCES chalkline.learner_groups
);
COMMENT ON TABLE chalkline.learning_patterns IS 'One row per cohort and dimension; never about one learner.';

CREATE TABLE chalkline.watermarks (
    district_id  integer NOT NULL,
    name         text NOT NULL,
    seen_xid     bigint NOT NULL,
    as_of        date NOT NULL,
    version      bigint NOT NULL DEFAULT 0,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, name)
);
COMMENT ON TABLE chalkline.watermarks IS 'One row per kind of state and district: everything written by transactions before seen_xid is in the state.';
COMMENT ON COLUMN chalkline.watermarks.version IS 'Grows with every change of the state, so that an open page knows when to look again.';
