-- The weekly rows were keyed with the context secret. Whoever replaced that secret would have made
-- every learner of earlier weeks look gone, and her rows unfindable when she is erased.
ALTER TABLE chalkline.context_secrets ADD COLUMN row_pad bytea;
UPDATE chalkline.context_secrets SET row_pad = inner_pad;
ALTER TABLE chalkline.context_secrets
    ALTER COLUMN row_pad SET DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    ALTER COLUMN row_pad SET NOT NULL,
    ADD CHECK (octet_length(row_pad) >= 32);
COMMENT ON COLUMN chalkline.context_secrets.row_pad IS 'Keys the weekly rows that figures are made of, so that two weeks can be compared and an erased learner''s rows found. Made once and never replaced, whatever becomes of the context secret.';
