-- What a person did with flags lately, to show it and to undo it.
CREATE INDEX flag_events_by_people ON chalkline.flag_events (district_id, staff_id, at) WHERE staff_id IS NOT NULL;
COMMENT ON INDEX chalkline.flag_events_by_people IS 'Serves: "done this week" on the Today page, and undo.';
COMMENT ON COLUMN chalkline.mastery.probability IS 'P(mastery): that the share right is at least the mastery line.';
COMMENT ON COLUMN chalkline.mastery.low IS 'The share right lies between low and high (90 %).';
