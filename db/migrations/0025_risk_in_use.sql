-- The risk model in use: who waits to be scored, what an administrator decided, and how well it does.
ALTER TABLE chalkline.risk_scores ADD COLUMN base_rate real CHECK (base_rate BETWEEN 0 AND 1);
CREATE INDEX risk_scores_day ON chalkline.risk_scores (district_id, class_id, as_of);
COMMENT ON COLUMN chalkline.risk_scores.base_rate IS 'Share that fails or leaves, of those still in the course on that day of it.';
COMMENT ON INDEX chalkline.risk_scores_day IS 'Serves: the Today page, which ranks a class by the scores of a day.';

CREATE TABLE chalkline.risk_due (
    district_id  integer NOT NULL,
    class_id     uuid NOT NULL,
    PRIMARY KEY (district_id, class_id),
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.risk_due IS 'One row per class with news since its learners were last scored.';

CREATE TABLE chalkline.risk_decisions (
    district_id  integer NOT NULL,
    decision_id  uuid NOT NULL DEFAULT gen_random_uuid(),
    kind         text NOT NULL CHECK (kind IN ('transparent', 'boosted')),
    line         real NOT NULL CHECK (line BETWEEN 0.2 AND 0.9),
    decided_by   uuid NOT NULL,
    decided_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, decision_id),
    FOREIGN KEY (district_id, decided_by) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.risk_decisions IS 'One row per decision of an administrator about the risk model; the latest holds from the next scoring on.';
COMMENT ON COLUMN chalkline.risk_decisions.kind IS 'Which kind of model gives the chances; the transparent one always gives the reasons.';
COMMENT ON COLUMN chalkline.risk_decisions.line IS 'The chance from which a flag is raised.';

CREATE TABLE chalkline.alert_quality (
    district_id   integer NOT NULL,
    alert         text NOT NULL,
    basis         text NOT NULL CHECK (basis IN ('replayed', 'raised')),
    window_from   date,
    window_to     date,
    learners      integer,
    went_wrong    integer,
    flagged       integer,
    flagged_right integer,
    lead_days     real,
    raised        integer,
    acted_on      integer,
    measured_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, alert, basis),
    CHECK (flagged_right <= flagged AND flagged <= learners AND went_wrong <= learners),
    CHECK (acted_on <= raised)
);
COMMENT ON TABLE chalkline.alert_quality IS 'One row per alert (a rule, any rule, or a kind of model) and basis: how its flags fared against known outcomes. Counts below the district''s least group are left empty by the job that writes them.';
COMMENT ON COLUMN chalkline.alert_quality.basis IS 'replayed: what it would have flagged in classes that have ended, from what was known then; raised: flags that were really raised.';
COMMENT ON COLUMN chalkline.alert_quality.learners IS 'Enrolments looked at; of these went_wrong failed or left. flagged: at least once; flagged_right: of these failed or left.';
COMMENT ON COLUMN chalkline.alert_quality.lead_days IS 'Median days from the first flag to the learner''s leaving or the end of the class, among flagged_right.';
COMMENT ON COLUMN chalkline.alert_quality.acted_on IS 'Of raised flags of the last year, in running classes too, those that a person answered; null where flags were replayed.';

CREATE TABLE chalkline.alert_groups (
    district_id     integer NOT NULL,
    alert           text NOT NULL,
    attribute       text NOT NULL,
    group_value     text NOT NULL,
    shown           boolean NOT NULL,
    passed          integer,
    passed_flagged  integer,
    failed          integer,
    failed_flagged  integer,
    measured_at     timestamptz NOT NULL,
    PRIMARY KEY (district_id, alert, attribute, group_value),
    CHECK (shown = (passed IS NOT NULL))
);
COMMENT ON TABLE chalkline.alert_groups IS 'One row per alert, protected attribute and group of a replay: its errors, or that they are withheld. The job that writes it withholds groups with a small cell, and further ones from which those could be worked out.';
COMMENT ON COLUMN chalkline.alert_groups.passed IS 'Enrolments that neither failed nor left; of these passed_flagged were flagged (wrongly). failed_flagged: of those that did, the ones found.';

CREATE TABLE chalkline.alert_lines (
    district_id     integer NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('transparent', 'boosted')),
    line            smallint NOT NULL CHECK (line BETWEEN 20 AND 90),
    learners        integer,
    went_wrong      integer,
    flagged         integer,
    flagged_right   integer,
    teacher_weeks   real CHECK (teacher_weeks > 0),
    busiest_week    integer,
    lead_days       real,
    now_scored      integer NOT NULL,
    now_flagged     integer NOT NULL,
    now_false       real NOT NULL,
    now_teachers    integer NOT NULL,
    measured_at     timestamptz NOT NULL,
    PRIMARY KEY (district_id, kind, line)
);
COMMENT ON TABLE chalkline.alert_lines IS 'One row per kind of model and line (percent): what flagging from there on would have meant in classes that have ended, and would mean today. The former is empty until a term has ended.';
COMMENT ON COLUMN chalkline.alert_lines.teacher_weeks IS 'Weeks times teachers of the replay: flagged / teacher_weeks is the flags a week per teacher; busiest_week: the most new flags one teacher would have had in a week.';
COMMENT ON COLUMN chalkline.alert_lines.now_flagged IS 'Learners whose chance stands at or above the line today, of now_scored; now_false: how many of them are expected to pass.';

DO $$
DECLARE
    everyone text := '(SELECT current_user = ''chalkline_job'')';
    district text := 'district_id = (SELECT chalkline.my_district())';
    rule     record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('risk_due', 'false', NULL),
        ('risk_decisions', 'true', 'decided_by = (SELECT chalkline.my_staff())'),
        ('alert_quality', 'true', NULL), ('alert_groups', 'true', NULL), ('alert_lines', 'true', NULL)
    ) AS r (name, whose, writes) LOOP
        EXECUTE format('ALTER TABLE chalkline.%I ENABLE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('ALTER TABLE chalkline.%I FORCE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING (%s OR (%s AND (%s))) WITH CHECK (%s OR (%s AND (%s)))',
            rule.name, everyone, district, rule.whose, everyone, district, coalesce(rule.writes, rule.whose));
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON chalkline.%I TO chalkline_job', rule.name);
    END LOOP;
END $$;
GRANT SELECT ON chalkline.risk_decisions, chalkline.alert_quality, chalkline.alert_groups, chalkline.alert_lines
    TO chalkline_counselor, chalkline_administrator;
GRANT INSERT (district_id, kind, line, decided_by) ON chalkline.risk_decisions TO chalkline_administrator;
GRANT SELECT (district_id, model_version, kind, trained_from, trained_to, metrics, in_use, created_at)
    ON chalkline.risk_models TO chalkline_administrator;
