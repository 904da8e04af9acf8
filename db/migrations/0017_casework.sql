-- Casework: capacity, cover and assignment; plans with progress; messages; whether it helped.
ALTER TABLE chalkline.institutions ADD COLUMN case_capacity smallint NOT NULL DEFAULT 25
    CHECK (case_capacity BETWEEN 1 AND 200);
COMMENT ON COLUMN chalkline.institutions.case_capacity IS 'Most cases listed on a counselor''s Caseload page; the rest is a number. A member of staff may set her own.';
GRANT UPDATE (alert_capacity, case_capacity) ON chalkline.institutions TO chalkline_administrator;

ALTER TABLE chalkline.interventions
    ADD COLUMN measure text CHECK (measure IN ('attendance', 'activity', 'answers', 'work')),
    ADD COLUMN goal_from real,
    ADD COLUMN goal_to real,
    ADD COLUMN flags uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN chalkline.interventions.measure IS 'What the goal is measured by; null where only people can tell.';
COMMENT ON COLUMN chalkline.interventions.goal_from IS 'The measure when the plan was made, in percent (activity: days a week); goal_to: what is aimed at.';
COMMENT ON COLUMN chalkline.interventions.flags IS 'The flags the plan answers; they stay in plan until it ends.';
GRANT UPDATE (owner_id, strategy, tier, updated_at) ON chalkline.interventions
    TO chalkline_teacher, chalkline_counselor;

ALTER TABLE chalkline.intervention_notes
    ADD COLUMN decision text CHECK (decision IN
        ('go on as it is', 'start a plan', 'change the plan', 'contact home', 'refer on', 'close the case'));
COMMENT ON COLUMN chalkline.intervention_notes.decision IS 'What a meeting decided about the learner; typed, so that it can be counted.';
CREATE INDEX intervention_notes_plan ON chalkline.intervention_notes (district_id, intervention_id)
    WHERE intervention_id IS NOT NULL;
COMMENT ON INDEX chalkline.intervention_notes_plan IS 'Serves: the notes of a plan.';

CREATE TABLE chalkline.staff_settings (
    district_id    integer NOT NULL,
    staff_id       uuid NOT NULL,
    open_cases     smallint CHECK (open_cases BETWEEN 1 AND 200),
    weekly_digest  boolean NOT NULL DEFAULT true,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (district_id, staff_id),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.staff_settings IS 'One row per member of staff who has set something for herself.';
COMMENT ON COLUMN chalkline.staff_settings.open_cases IS 'Where her list is cut; null follows the district.';

CREATE TABLE chalkline.covers (
    district_id  integer NOT NULL,
    cover_id     uuid NOT NULL,
    absent_id    uuid NOT NULL,
    covering_id  uuid NOT NULL,
    starts_on    date NOT NULL,
    ends_on      date NOT NULL,
    arranged_by  uuid NOT NULL,
    arranged_at  timestamptz NOT NULL,
    PRIMARY KEY (district_id, cover_id),
    FOREIGN KEY (district_id, absent_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, covering_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, arranged_by) REFERENCES chalkline.staff,
    CHECK (ends_on >= starts_on AND ends_on <= starts_on + 120),
    CHECK (absent_id <> covering_id)
);
CREATE INDEX covers_of ON chalkline.covers (district_id, covering_id, starts_on);
COMMENT ON TABLE chalkline.covers IS 'One row per absence of a counselor that a colleague covers: for those days she sees the caseload.';
COMMENT ON INDEX chalkline.covers_of IS 'Serves: my_caseload().';

CREATE TABLE chalkline.caseload_rules (
    district_id  integer NOT NULL,
    rule_id      uuid NOT NULL,
    staff_id     uuid NOT NULL,
    school_id    uuid NOT NULL,
    grade_from   smallint CHECK (grade_from BETWEEN 0 AND 13),
    grade_to     smallint CHECK (grade_to BETWEEN 0 AND 13),
    name_from    text CHECK (name_from ~ '^[A-Z]$'),
    name_to      text CHECK (name_to ~ '^[A-Z]$'),
    programme    text,
    made_by      uuid NOT NULL,
    made_at      timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (district_id, rule_id),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions,
    FOREIGN KEY (district_id, made_by) REFERENCES chalkline.staff,
    CHECK (grade_to >= grade_from),
    CHECK ((name_from IS NULL) = (name_to IS NULL) AND name_to >= name_from)
);
COMMENT ON TABLE chalkline.caseload_rules IS 'One row per rule that gives learners of a school (by grade, family name, programme) to a counselor. A job applies it to learners on nobody''s caseload.';

CREATE TABLE chalkline.plan_templates (
    district_id  integer NOT NULL,
    template_id  uuid NOT NULL,
    school_id    uuid NOT NULL,
    name         text NOT NULL CHECK (name <> ''),
    type         text NOT NULL,
    tier         smallint NOT NULL CHECK (tier BETWEEN 1 AND 3),
    goal         text NOT NULL CHECK (goal <> ''),
    measure      text CHECK (measure IN ('attendance', 'activity', 'answers', 'work')),
    strategy     text NOT NULL DEFAULT '',
    schedule     text NOT NULL DEFAULT '',
    review_days  smallint NOT NULL CHECK (review_days BETWEEN 1 AND 180),
    made_by      uuid NOT NULL,
    updated_at   timestamptz NOT NULL,
    retired      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (district_id, template_id),
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions,
    FOREIGN KEY (district_id, made_by) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.plan_templates IS 'One row per plan template of a school (or, at the district''s own row, of all schools).';

CREATE TABLE chalkline.progress_points (
    district_id      integer NOT NULL,
    intervention_id  uuid NOT NULL,
    learner_id       uuid NOT NULL,
    on_date          date NOT NULL,
    recorded_by      uuid NOT NULL,
    value            real NOT NULL CHECK (value BETWEEN 0 AND 100),
    recorded_at      timestamptz NOT NULL,
    PRIMARY KEY (district_id, intervention_id, on_date),
    FOREIGN KEY (district_id, intervention_id) REFERENCES chalkline.interventions ON DELETE CASCADE,
    FOREIGN KEY (district_id, recorded_by) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.progress_points IS 'One row per plan and day on which somebody recorded how far the goal is reached, 0 to 100 percent.';

CREATE TABLE chalkline.notifications (
    district_id      integer NOT NULL,
    notification_id  uuid NOT NULL,
    staff_id         uuid NOT NULL,
    from_id          uuid NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('mention', 'informed', 'handover', 'cover', 'plan')),
    learner_id       uuid,
    at               timestamptz NOT NULL,
    read_at          timestamptz,
    PRIMARY KEY (district_id, notification_id),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, from_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX notifications_of ON chalkline.notifications (district_id, staff_id, at DESC);
COMMENT ON TABLE chalkline.notifications IS 'One row per notice to a colleague: who, about whom, never what. The learner is null where even that would tell.';
COMMENT ON INDEX chalkline.notifications_of IS 'Serves: My week.';

CREATE TABLE chalkline.message_templates (
    district_id  integer NOT NULL,
    template_id  uuid NOT NULL,
    school_id    uuid NOT NULL,
    name         text NOT NULL CHECK (name <> ''),
    audience     text NOT NULL CHECK (audience IN ('home', 'learner')),
    language     text NOT NULL,
    subject      text NOT NULL CHECK (subject <> '' AND subject !~ '[\r\n]'),
    body         text NOT NULL CHECK (body <> ''),
    made_by      uuid NOT NULL,
    updated_at   timestamptz NOT NULL,
    retired      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (district_id, template_id),
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions,
    FOREIGN KEY (district_id, made_by) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.message_templates IS 'One row per message template of a school (or of all schools) and language; merge fields stand in braces.';

CREATE TABLE chalkline.messages (
    district_id  integer NOT NULL,
    message_id   uuid NOT NULL,
    learner_id   uuid NOT NULL,
    sender_id    uuid NOT NULL,
    audience     text NOT NULL CHECK (audience IN ('home', 'learner')),
    language     text NOT NULL,
    ground       text NOT NULL,
    template     text NOT NULL,
    body         bytea NOT NULL,
    state        text NOT NULL CHECK (state IN ('sending', 'sent', 'failed')),
    made_at      timestamptz NOT NULL,
    sent_at      timestamptz,
    PRIMARY KEY (district_id, message_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    FOREIGN KEY (district_id, sender_id) REFERENCES chalkline.staff,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX messages_learner ON chalkline.messages (district_id, learner_id, made_at DESC);
COMMENT ON TABLE chalkline.messages IS 'One row per message home or to a learner; the text and the address are encrypted under the learner''s data key.';
COMMENT ON INDEX chalkline.messages_learner IS 'Serves: the learner''s page.';
COMMENT ON COLUMN chalkline.messages.ground IS 'On what ground it was sent: a consent, or the school''s own duty.';
COMMENT ON COLUMN chalkline.messages.state IS 'sending: the mail server was being asked; if it stays so, nobody knows whether it went out.';

CREATE TABLE chalkline.digests (
    district_id  integer NOT NULL,
    staff_id     uuid NOT NULL,
    week_of      date NOT NULL,
    state        text NOT NULL CHECK (state IN ('sending', 'sent', 'failed')),
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, staff_id, week_of),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.digests IS 'One row per member of staff and week (its Monday) for which a digest was mailed.';

CREATE TABLE chalkline.plan_effects (
    district_id      integer NOT NULL,
    intervention_id  uuid NOT NULL,
    learner_id       uuid NOT NULL,
    measure          text NOT NULL CHECK (measure IN ('attendance', 'activity', 'answers', 'work')),
    verdict          text NOT NULL CHECK (verdict IN ('helped', 'did not', 'cannot tell')),
    why              text NOT NULL,
    picture          jsonb NOT NULL,
    as_of            date NOT NULL,
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (district_id, intervention_id),
    FOREIGN KEY (district_id, intervention_id) REFERENCES chalkline.interventions ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.plan_effects IS 'One row per plan: how its learner''s measure went before and after, beside learners alike. Rebuilt by a job.';
COMMENT ON COLUMN chalkline.plan_effects.picture IS 'Weeks, own values, own trend, the mean of at least k learners alike, estimate with its interval, what chance alone would do.';

CREATE TABLE chalkline.type_effects (
    district_id  integer NOT NULL,
    type         text NOT NULL,
    measure      text NOT NULL CHECK (measure IN ('attendance', 'activity', 'answers', 'work')),
    method       text NOT NULL CHECK (method IN ('matching', 'discontinuity')),
    plans        integer NOT NULL,
    estimate     real NOT NULL,
    low          real NOT NULL,
    high         real NOT NULL,
    verdict      text NOT NULL CHECK (verdict IN ('helped', 'did not', 'cannot tell')),
    week_of      date NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (district_id, type, measure, method),
    CHECK (plans >= 5),
    CHECK (low <= estimate AND estimate <= high)
);
COMMENT ON TABLE chalkline.type_effects IS 'One row per type of plan, measure and method of a district: the estimated effect. Only where at least k learners and three owners stand behind it; made once a week.';

DO $$
DECLARE
    job      text := '(SELECT current_user = ''chalkline_job'')';
    admin    text := '(SELECT current_user = ''chalkline_administrator'')';
    district text := 'district_id = (SELECT chalkline.my_district())';
    me       text := '(SELECT chalkline.my_staff())';
    mine     text := 'learner_id IN (SELECT chalkline.my_learners())';
    rule     record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('staff_settings', 'staff_id = ' || me, 'staff_id = ' || me),
        -- Only the one who is away, or an administrator, hands out sight of a caseload.
        ('covers', 'true', 'arranged_by = ' || me || ' AND (absent_id = ' || me || ' OR ' || admin || ')'),
        ('caseload_rules', 'true', 'made_by = ' || me || ' AND ' || admin),
        ('plan_templates', 'true', 'made_by = ' || me || ' AND ' || admin),
        ('message_templates', 'true', 'made_by = ' || me || ' AND ' || admin),
        ('progress_points', mine || ' OR recorded_by = ' || me, 'recorded_by = ' || me || ' AND ' || mine),
        ('notifications', 'staff_id = ' || me, 'from_id = ' || me || ' OR staff_id = ' || me),
        ('messages', mine, 'sender_id = ' || me || ' AND ' || mine),
        ('digests', 'staff_id = ' || me, 'false'),
        ('plan_effects', mine, 'false'),
        ('type_effects', 'true', 'false')
    ) AS r (name, sees, writes) LOOP
        EXECUTE format('ALTER TABLE chalkline.%I ENABLE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('ALTER TABLE chalkline.%I FORCE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING (%s OR (%s AND (%s))) WITH CHECK (%s OR (%s AND (%s)))',
            rule.name, job, district, rule.sees, job, district, rule.writes);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.%I TO chalkline_job', rule.name);
    END LOOP;
    -- A note, a step in a flag's history and a hand-over bear the name of whoever wrote them.
    EXECUTE format('ALTER POLICY who_sees ON chalkline.intervention_notes WITH CHECK (%s OR (%s AND author_id = %s AND %s))',
        job, district, me, mine);
    EXECUTE format('ALTER POLICY who_sees ON chalkline.flag_events WITH CHECK (%s OR (%s AND staff_id = %s AND %s))',
        job, district, me, mine);
    -- A caseload is given, never taken: one's own rows may only be ended.
    EXECUTE format('ALTER POLICY who_sees ON chalkline.caseloads WITH CHECK (%s OR (%s AND learner_id IN (SELECT chalkline.my_caseload())
        AND (staff_id <> %s OR ends_on <= (SELECT chalkline.today(chalkline.my_district())))))', job, district, me);
END $$;

GRANT SELECT, INSERT, UPDATE ON chalkline.staff_settings TO chalkline_teacher, chalkline_counselor;
GRANT SELECT, INSERT ON chalkline.covers TO chalkline_counselor, chalkline_administrator;
GRANT UPDATE (ends_on, arranged_by, arranged_at) ON chalkline.covers TO chalkline_counselor, chalkline_administrator;
GRANT SELECT ON chalkline.caseload_rules TO chalkline_counselor, chalkline_administrator;
GRANT INSERT ON chalkline.caseload_rules TO chalkline_administrator;
GRANT UPDATE (ended_at, made_by) ON chalkline.caseload_rules TO chalkline_administrator;
GRANT INSERT ON chalkline.caseloads TO chalkline_counselor;
GRANT UPDATE (ends_on) ON chalkline.caseloads TO chalkline_counselor;
GRANT SELECT ON chalkline.plan_templates, chalkline.message_templates
    TO chalkline_teacher, chalkline_counselor, chalkline_administrator;
GRANT INSERT ON chalkline.plan_templates, chalkline.message_templates TO chalkline_administrator;
GRANT UPDATE (name, type, tier, goal, measure, strategy, schedule, review_days, made_by, updated_at, retired)
    ON chalkline.plan_templates TO chalkline_administrator;
GRANT UPDATE (name, subject, body, made_by, updated_at, retired) ON chalkline.message_templates
    TO chalkline_administrator;
GRANT SELECT, INSERT ON chalkline.progress_points TO chalkline_teacher, chalkline_counselor;
GRANT UPDATE (value, recorded_by, recorded_at) ON chalkline.progress_points TO chalkline_teacher, chalkline_counselor;
GRANT SELECT, INSERT ON chalkline.notifications TO chalkline_teacher, chalkline_counselor;
GRANT UPDATE (read_at) ON chalkline.notifications TO chalkline_teacher, chalkline_counselor;
GRANT SELECT, INSERT ON chalkline.messages TO chalkline_teacher, chalkline_counselor;
GRANT UPDATE (state, sent_at) ON chalkline.messages TO chalkline_teacher, chalkline_counselor;
GRANT SELECT ON chalkline.digests, chalkline.plan_effects TO chalkline_teacher, chalkline_counselor;
GRANT SELECT ON chalkline.type_effects TO chalkline_teacher, chalkline_counselor, chalkline_administrator;
-- Whether a message may be sent is asked of the consents; those responsible for a learner may look.
GRANT SELECT ON chalkline.consents TO chalkline_teacher, chalkline_counselor;

-- During an absence the caseload is the covering colleague's too.
GRANT CREATE ON SCHEMA chalkline TO chalkline_job;
SET LOCAL ROLE chalkline_job;
CREATE OR REPLACE FUNCTION chalkline.my_caseload() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 400 SET search_path = '' AS $$
DECLARE
    me  text[] := chalkline.context();
    day date;
BEGIN
    IF me IS NULL OR me[3] <> 'counselor' THEN RETURN; END IF;
    day := chalkline.today(me[1]::integer);
    RETURN QUERY SELECT c.learner_id FROM chalkline.caseloads c
        WHERE c.district_id = me[1]::integer
          AND (c.staff_id = me[2]::uuid OR c.staff_id IN (
              SELECT v.absent_id FROM chalkline.covers v
              WHERE v.district_id = me[1]::integer AND v.covering_id = me[2]::uuid
                AND v.starts_on <= day AND v.ends_on >= day))
          AND c.starts_on <= day AND (c.ends_on IS NULL OR c.ends_on >= day);
END $$;
COMMENT ON FUNCTION chalkline.my_caseload() IS 'A counselor''s learners, and those of a colleague she covers today; nothing for anybody else.';
RESET ROLE;
REVOKE CREATE ON SCHEMA chalkline FROM chalkline_job;
