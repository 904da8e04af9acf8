-- Uses of keys enter the audit trail: a chained row a key, purpose and hour, and which uses it sums up.
ALTER TABLE chalkline.key_usage ADD COLUMN told_in uuid;
COMMENT ON COLUMN chalkline.key_usage.told_in IS 'The row of the audit trail that sums this one up; null until its hour is over.';
CREATE INDEX key_usage_untold ON chalkline.key_usage (at) WHERE told_in IS NULL;
COMMENT ON INDEX chalkline.key_usage_untold IS 'Serves: the job that sums up the hours that are over.';

-- Whoever counts uses can not say that they were summed up already.
REVOKE INSERT ON chalkline.key_usage FROM chalkline_signin;
GRANT INSERT (district_id, kek_id, actor, purpose, uses) ON chalkline.key_usage TO chalkline_signin;

ALTER TABLE chalkline.access_alerts DROP CONSTRAINT access_alerts_kind_check;
ALTER TABLE chalkline.access_alerts ADD CONSTRAINT access_alerts_kind_check
    CHECK (kind IN ('burst', 'night', 'other school', 'guessing', 'emergency', 'keys'));
COMMENT ON COLUMN chalkline.access_alerts.count IS 'Learners seen (burst, night, other school, emergency), wrong passwords (guessing) or uses of learners'' keys (keys) in the span.';
