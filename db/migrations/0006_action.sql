-- From a flag to a person helped.
CREATE TABLE chalkline.flags (
    district_id    integer NOT NULL,
    flag_id        uuid NOT NULL,
    learner_id     uuid NOT NULL,
    class_id       uuid,
    origin         text NOT NULL CHECK (origin IN ('rule', 'model', 'staff')),
    rule           text NOT NULL,
    severity       real NOT NULL CHECK (severity BETWEEN 0 AND 1),
    evidence       jsonb NOT NULL,
    state          text NOT NULL DEFAULT 'open'
                   CHECK (state IN ('open', 'acknowledged', 'snoozed', 'referred', 'in_plan', 'resolved', 'dismissed')),
    raised_on      date NOT NULL,
    seen_on        date NOT NULL,
    snoozed_until  date,
    referred_to    uuid,
    closed_on      date,
    outcome        text,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, flag_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    FOREIGN KEY (district_id, class_id) REFERENCES chalkline.classes,
    FOREIGN KEY (district_id, referred_to) REFERENCES chalkline.staff,
    CHECK ((state = 'snoozed') = (snoozed_until IS NOT NULL)),
    CHECK ((state IN ('resolved', 'dismissed')) = (closed_on IS NOT NULL)),
    CHECK (state <> 'dismissed' OR outcome <> '')
);
CREATE UNIQUE INDEX flags_one_alive ON chalkline.flags (district_id, learner_id, class_id, rule)
    NULLS NOT DISTINCT WHERE closed_on IS NULL;
CREATE INDEX flags_class ON chalkline.flags (district_id, class_id) WHERE closed_on IS NULL;
CREATE INDEX flags_learner ON chalkline.flags (district_id, learner_id);
COMMENT ON TABLE chalkline.flags IS 'One row per intervention flag: a learner, a rule (or model, or colleague) and its evidence, from raised to closed.';
COMMENT ON INDEX chalkline.flags_one_alive IS 'Serves: refresh, which raises each flag once and finds it again.';
COMMENT ON INDEX chalkline.flags_class IS 'Serves: the Today page.';
COMMENT ON INDEX chalkline.flags_learner IS 'Serves: the learner page and the counselor''s caseload.';
COMMENT ON COLUMN chalkline.flags.severity IS '0 to 1; ranks the list.';
COMMENT ON COLUMN chalkline.flags.evidence IS 'The figures and dates that the reasons and "clears when" are worded from.';
COMMENT ON COLUMN chalkline.flags.seen_on IS 'Last day on which the evidence still held.';
COMMENT ON COLUMN chalkline.flags.outcome IS 'Why it closed: "the evidence cleared", or the reason a person gave.';

CREATE TABLE chalkline.flag_events (
    district_id  integer NOT NULL,
    event_id     uuid NOT NULL DEFAULT gen_random_uuid(),
    flag_id      uuid NOT NULL,
    learner_id   uuid NOT NULL,
    class_id     uuid,
    staff_id     uuid,
    action       text NOT NULL CHECK (action IN ('raised', 'acknowledged', 'snoozed', 'dismissed', 'referred', 'planned', 'resolved', 'reopened', 'undone')),
    reason       text NOT NULL DEFAULT '',
    until        date,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, event_id),
    FOREIGN KEY (district_id, flag_id) REFERENCES chalkline.flags ON DELETE CASCADE,
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff
);
CREATE INDEX flag_events_flag ON chalkline.flag_events (district_id, flag_id, at);
COMMENT ON TABLE chalkline.flag_events IS 'One row per change of a flag; staff is null where data made the change.';

CREATE TABLE chalkline.interventions (
    district_id      integer NOT NULL,
    intervention_id  uuid NOT NULL,
    learner_id       uuid NOT NULL,
    class_id         uuid,
    owner_id         uuid NOT NULL,
    type             text NOT NULL,
    tier             smallint NOT NULL CHECK (tier BETWEEN 1 AND 3),
    goal             text NOT NULL CHECK (goal <> ''),
    strategy         text NOT NULL DEFAULT '',
    schedule         jsonb NOT NULL DEFAULT '{}',
    informed         uuid[] NOT NULL DEFAULT '{}',
    starts_on        date NOT NULL,
    review_on        date NOT NULL,
    ended_on         date,
    outcome          text CHECK (outcome IN ('goal met', 'partly met', 'not met', 'stopped')),
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, intervention_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    FOREIGN KEY (district_id, owner_id) REFERENCES chalkline.staff,
    CHECK (review_on >= starts_on),
    CHECK ((ended_on IS NULL) = (outcome IS NULL))
);
CREATE INDEX interventions_learner ON chalkline.interventions (district_id, learner_id);
CREATE INDEX interventions_review ON chalkline.interventions (district_id, owner_id, review_on) WHERE ended_on IS NULL;
COMMENT ON TABLE chalkline.interventions IS 'One row per plan to help a learner.';
COMMENT ON INDEX chalkline.interventions_review IS 'Serves: overdue reviews, the first thing a counselor sees.';

CREATE TABLE chalkline.intervention_notes (
    district_id      integer NOT NULL,
    note_id          uuid NOT NULL,
    revision         smallint NOT NULL DEFAULT 1,
    learner_id       uuid NOT NULL,
    intervention_id  uuid,
    flag_id          uuid,
    author_id        uuid NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('observation', 'contact', 'meeting', 'progress', 'decision')),
    restricted       boolean NOT NULL DEFAULT false,
    body             bytea NOT NULL,
    written_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, note_id, revision),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    FOREIGN KEY (district_id, author_id) REFERENCES chalkline.staff
);
CREATE INDEX intervention_notes_learner ON chalkline.intervention_notes (district_id, learner_id, written_at);
COMMENT ON TABLE chalkline.intervention_notes IS 'One row per revision of a note; the text is encrypted under the learner''s data key.';
COMMENT ON COLUMN chalkline.intervention_notes.restricted IS 'Readable only by its author and the counselors of the case.';

CREATE TABLE chalkline.recommendations (
    district_id        integer NOT NULL,
    recommendation_id  uuid NOT NULL,
    learner_id         uuid NOT NULL,
    class_id           uuid,
    competency_id      uuid REFERENCES chalkline.competencies,
    section_id         uuid REFERENCES chalkline.sections,
    kind               text NOT NULL CHECK (kind IN ('practise', 'reteach', 'enrich', 'contact', 'submit')),
    reasons            jsonb NOT NULL,
    made_on            date NOT NULL,
    followed_on        date,
    PRIMARY KEY (district_id, recommendation_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX recommendations_learner ON chalkline.recommendations (district_id, learner_id, made_on DESC);
COMMENT ON TABLE chalkline.recommendations IS 'One row per next step proposed for a learner.';
