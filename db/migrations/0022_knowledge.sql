-- The knowledge model behind mastery: its versions, and what it remembers of a learner.
CREATE TABLE chalkline.knowledge_models (
    district_id    integer NOT NULL,
    model_version  text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('shipped', 'fitted')),
    parameters     jsonb NOT NULL,
    trained_from   date,
    trained_to     date,
    metrics        jsonb NOT NULL DEFAULT '{}',
    in_use         boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (district_id, model_version)
);
CREATE UNIQUE INDEX knowledge_models_one_in_use ON chalkline.knowledge_models (district_id) WHERE in_use;
COMMENT ON TABLE chalkline.knowledge_models IS 'One row per version of a district''s knowledge model.';
COMMENT ON COLUMN chalkline.knowledge_models.parameters IS 'Weights, ease of questions and competencies, and how much easier a competency is for a class.';
COMMENT ON COLUMN chalkline.knowledge_models.metrics IS 'How well it foretells the answers of learners it was not fitted on, strictly in order.';
COMMENT ON INDEX chalkline.knowledge_models_one_in_use IS 'Serves: refresh, which estimates by one model.';

CREATE TABLE chalkline.learner_knowledge (
    district_id     integer NOT NULL,
    learner_id      uuid NOT NULL,
    model_version   text NOT NULL,
    overall         jsonb NOT NULL,
    last_answer_at  timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (district_id, learner_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    FOREIGN KEY (district_id, model_version) REFERENCES chalkline.knowledge_models
);
COMMENT ON TABLE chalkline.learner_knowledge IS 'One row per learner with an answer: what the knowledge model remembers of all her answers together.';
COMMENT ON COLUMN chalkline.learner_knowledge.overall IS 'Eight numbers (analytics.knowledge.traces.Trace); those of one competency stand in mastery.model_state.';

COMMENT ON COLUMN chalkline.mastery.model_state IS 'trace: eight numbers that stand for all answers on the competency; spent: seconds on them, null where unknown; reached: when mastery was first sure (seconds since 1970) and minutes spent until then.';
COMMENT ON COLUMN chalkline.mastery.probability IS 'P(mastery): that the share of usual questions she gets right is at least the mastery line.';
COMMENT ON COLUMN chalkline.mastery.next_right IS 'Probability that the next answer is right, as of the last whole week since the latest answer.';

DO $$
DECLARE
    everyone text := '(SELECT current_user = ''chalkline_job'')';
    district text := 'district_id = (SELECT chalkline.my_district())';
    rule     record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES ('knowledge_models', 'true'), ('learner_knowledge', 'false'))
        AS r (name, whose) LOOP
        EXECUTE format('ALTER TABLE chalkline.%I ENABLE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('ALTER TABLE chalkline.%I FORCE ROW LEVEL SECURITY', rule.name);
        EXECUTE format('CREATE POLICY who_sees ON chalkline.%I USING (%s OR (%s AND %s))',
            rule.name, everyone, district, rule.whose);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.knowledge_models, chalkline.learner_knowledge
TO chalkline_job;
GRANT SELECT (district_id, model_version, kind, trained_from, trained_to, metrics, in_use, created_at)
    ON chalkline.knowledge_models TO chalkline_teacher, chalkline_counselor, chalkline_administrator;

-- Estimates by the simple Beta are made anew by the knowledge model at the next refresh.
SET LOCAL ROLE chalkline_job;
UPDATE chalkline.watermarks SET seen = '' WHERE name = 'state';
RESET ROLE;
