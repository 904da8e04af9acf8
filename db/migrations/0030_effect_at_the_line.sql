-- What a type of plan does, estimated at the line from which the risk model raises a flag.
ALTER TABLE chalkline.type_effects
    ALTER COLUMN estimate DROP NOT NULL,
    ALTER COLUMN low DROP NOT NULL,
    ALTER COLUMN high DROP NOT NULL,
    ADD COLUMN why text NOT NULL DEFAULT '',
    ADD CHECK (num_nulls(estimate, low, high) IN (0, 3)),
    ADD CHECK ((why = '') = (estimate IS NOT NULL)),
    ADD CHECK (estimate IS NOT NULL OR (method = 'discontinuity' AND verdict = 'cannot tell'));
COMMENT ON COLUMN chalkline.type_effects.method IS 'matching: beside learners alike without a plan. discontinuity: learners just over the line of the risk flag beside those just under; a row stands only where matching has one.';
COMMENT ON COLUMN chalkline.type_effects.plans IS 'Learners behind the figure: with such a plan (matching), or within reach of the line (discontinuity); where nothing is estimated, those of matching.';
COMMENT ON COLUMN chalkline.type_effects.why IS 'Why nothing can be estimated at the line; empty where something is.';
