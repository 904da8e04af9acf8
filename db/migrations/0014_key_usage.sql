-- The life of keys: who used which, for the security officer; and what rotation walks through.
ALTER TABLE chalkline.key_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.key_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.key_usage USING (
    (SELECT current_user IN ('chalkline_job', 'chalkline_signin'))
    OR district_id IS NULL OR district_id = (SELECT chalkline.my_district()));
CREATE INDEX key_usage_latest ON chalkline.key_usage (at DESC);
COMMENT ON INDEX chalkline.key_usage_latest IS 'Serves: the security officer''s list of the latest uses.';
COMMENT ON COLUMN chalkline.key_usage.actor IS 'A member of staff''s identifier and role, or the name of a job.';

GRANT SELECT ON chalkline.key_usage TO chalkline_security;
-- Uses are written in batches, outside the transaction of the person who made them.
GRANT INSERT ON chalkline.key_usage TO chalkline_signin;
