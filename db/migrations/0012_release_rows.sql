-- What figures about groups are made of: one de-identified snapshot a week, read by the releaser alone.
CREATE TABLE chalkline.release_versions (
    district_id   integer NOT NULL,
    data_version  date NOT NULL CHECK (extract(isodow FROM data_version) = 1),
    school_year   integer NOT NULL,
    as_of         date NOT NULL,
    made_at       timestamptz NOT NULL,
    PRIMARY KEY (district_id, data_version)
);
COMMENT ON TABLE chalkline.release_versions IS 'One row per district and week of which figures are released: the week''s data, fixed.';
COMMENT ON COLUMN chalkline.release_versions.data_version IS 'The week''s Monday; as_of is the day its data was taken.';

CREATE TABLE chalkline.release_rows (
    district_id   integer NOT NULL,
    data_version  date NOT NULL,
    slice         text NOT NULL CHECK (slice IN ('all', 'course', 'subject', 'bloom', 'term')),
    row_key       uuid NOT NULL,
    slice_key     text NOT NULL DEFAULT '',
    school_id     uuid NOT NULL,
    grade_level   smallint NOT NULL,
    traits        jsonb NOT NULL DEFAULT '{}',
    figures       jsonb NOT NULL,
    PRIMARY KEY (district_id, data_version, slice, row_key, slice_key),
    FOREIGN KEY (district_id, data_version) REFERENCES chalkline.release_versions ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.release_rows IS 'One row per learner, week and slice (the learner herself; each of her courses, subjects, Bloom levels, terms), without her identifier. Read by no role of a person; the releaser is handed one metric of it at a time.';
COMMENT ON COLUMN chalkline.release_rows.row_key IS 'Keyed hash of the learner''s identifier: says that two weeks are about the same learner, and not who she is.';
COMMENT ON COLUMN chalkline.release_rows.grade_level IS '-1 where grades do not exist; a grade her school does not teach is counted with the nearest it does.';
COMMENT ON COLUMN chalkline.release_rows.traits IS 'Only in slice all: age group, accommodation, language, programme and protected attributes, for the equity tables.';
COMMENT ON COLUMN chalkline.release_rows.figures IS 'Metric name to the learner''s value; a metric that says nothing about her is not in it.';

ALTER TABLE chalkline.release_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.release_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.release_versions USING (
    (SELECT current_user = 'chalkline_job') OR district_id = (SELECT chalkline.my_district()));
ALTER TABLE chalkline.release_rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.release_rows FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.release_rows USING ((SELECT current_user = 'chalkline_job'));

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.release_versions, chalkline.release_rows
    TO chalkline_job;
GRANT SELECT ON chalkline.release_versions TO
    chalkline_releaser, chalkline_teacher, chalkline_counselor, chalkline_administrator;
GRANT SELECT ON chalkline.institutions, chalkline.academic_terms, chalkline.classes, chalkline.courses,
    chalkline.staff_roles, chalkline.releases TO chalkline_releaser;
GRANT INSERT ON chalkline.releases TO chalkline_releaser;

-- Exact answers are for those inside a school, through the releaser; an administrator reads private ones.
ALTER POLICY who_sees ON chalkline.releases USING (
    (SELECT current_user = 'chalkline_job')
    OR (district_id = (SELECT chalkline.my_district())
        AND (regime = 'private' OR (SELECT current_user = 'chalkline_releaser'))));

-- The two functions through which the releaser sees rows. They run as chalkline_job, answer only a
-- context that was signed for the releaser, and give values and group keys: no identifier, no order.
CREATE FUNCTION chalkline.release_values(of_metric text, of_version date, of_slice text,
    key_1 text, key_2 text, lower_bound float8, upper_bound float8)
RETURNS TABLE (group_1 text, group_2 text, value float8)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10000 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'releaser' THEN RETURN; END IF;
    RETURN QUERY
    SELECT CASE key_1 WHEN '' THEN '' WHEN 'school' THEN r.school_id::text
                WHEN 'grade' THEN r.grade_level::text WHEN 'slice' THEN r.slice_key
                ELSE coalesce(r.traits ->> key_1, 'not recorded') END,
           CASE key_2 WHEN '' THEN '' WHEN 'school' THEN r.school_id::text
                WHEN 'grade' THEN r.grade_level::text WHEN 'slice' THEN r.slice_key
                ELSE coalesce(r.traits ->> key_2, 'not recorded') END,
           least(greatest((r.figures ->> of_metric)::float8, lower_bound), upper_bound)
    FROM chalkline.release_rows r
    WHERE r.district_id = me[1]::integer AND r.data_version = of_version AND r.slice = of_slice
      AND r.figures ? of_metric
    ORDER BY 1, 2, 3;
END $$;
COMMENT ON FUNCTION chalkline.release_values(text, date, text, text, text, float8, float8) IS 'Group keys and clamped value of each learner a metric is about, sorted by value, so that two metrics can not be joined.';

CREATE FUNCTION chalkline.release_changes(of_metric text, of_slice text, key_1 text, key_2 text,
    lower_bound float8, upper_bound float8, from_version date, to_version date)
RETURNS TABLE (group_1 text, group_2 text, learners bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 200 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'releaser' THEN RETURN; END IF;
    RETURN QUERY
    WITH both_weeks AS (
        SELECT r.data_version, r.row_key,
               CASE key_1 WHEN '' THEN '' WHEN 'school' THEN r.school_id::text
                    WHEN 'grade' THEN r.grade_level::text WHEN 'slice' THEN r.slice_key
                    ELSE coalesce(r.traits ->> key_1, 'not recorded') END AS one,
               CASE key_2 WHEN '' THEN '' WHEN 'school' THEN r.school_id::text
                    WHEN 'grade' THEN r.grade_level::text WHEN 'slice' THEN r.slice_key
                    ELSE coalesce(r.traits ->> key_2, 'not recorded') END AS two,
               least(greatest((r.figures ->> of_metric)::float8, lower_bound), upper_bound) AS value
        FROM chalkline.release_rows r
        WHERE r.district_id = me[1]::integer AND r.data_version IN (from_version, to_version)
          AND r.slice = of_slice AND r.figures ? of_metric),
    before AS (SELECT b.row_key, b.one, b.two, b.value FROM both_weeks b WHERE b.data_version = from_version),
    after AS (SELECT b.row_key, b.one, b.two, b.value FROM both_weeks b WHERE b.data_version = to_version),
    moved AS (
        (SELECT * FROM before EXCEPT SELECT * FROM after)
        UNION ALL
        (SELECT * FROM after EXCEPT SELECT * FROM before))
    SELECT m.one, m.two, count(DISTINCT m.row_key) FROM moved m GROUP BY 1, 2;
END $$;
COMMENT ON FUNCTION chalkline.release_changes(text, text, text, text, float8, float8, date, date) IS 'How many learners of each group joined it, left it or have another value than in the earlier week.';

REVOKE EXECUTE ON FUNCTION
    chalkline.release_values(text, date, text, text, text, float8, float8),
    chalkline.release_changes(text, text, text, text, float8, float8, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    chalkline.release_values(text, date, text, text, text, float8, float8),
    chalkline.release_changes(text, text, text, text, float8, float8, date, date) TO chalkline_releaser;
GRANT CREATE ON SCHEMA chalkline TO chalkline_job;
ALTER FUNCTION chalkline.release_values(text, date, text, text, text, float8, float8) OWNER TO chalkline_job;
ALTER FUNCTION chalkline.release_changes(text, text, text, text, float8, float8, date, date) OWNER TO chalkline_job;
REVOKE CREATE ON SCHEMA chalkline FROM chalkline_job;
