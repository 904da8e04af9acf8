-- An emptied row no longer says which metrics she was in, nor whether a figure was made before or
-- after she was erased. Counted as changes, erased learners made up the k among whom one other hid;
-- so they are counted only against "nobody has changed".
GRANT CREATE ON SCHEMA chalkline TO chalkline_job;
SET LOCAL ROLE chalkline_job;
CREATE OR REPLACE FUNCTION chalkline.release_changes(of_metric text, of_slice text, key_1 text, key_2 text,
    lower_bound float8, upper_bound float8, from_version date, to_version date)
RETURNS TABLE (group_1 text, group_2 text, learners bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 200 SET search_path = '' AS $$
DECLARE
    me text[] := chalkline.context();
BEGIN
    IF me IS NULL OR me[3] <> 'releaser' THEN RETURN; END IF;
    RETURN QUERY
    WITH both_weeks AS (
        SELECT r.data_version, r.row_key, r.erased,
               CASE key_1 WHEN '' THEN '' WHEN 'school' THEN r.school_id::text
                    WHEN 'grade' THEN r.grade_level::text WHEN 'slice' THEN r.slice_key
                    ELSE coalesce(r.traits ->> key_1, 'not recorded') END AS one,
               CASE key_2 WHEN '' THEN '' WHEN 'school' THEN r.school_id::text
                    WHEN 'grade' THEN r.grade_level::text WHEN 'slice' THEN r.slice_key
                    ELSE coalesce(r.traits ->> key_2, 'not recorded') END AS two,
               least(greatest((r.figures ->> of_metric)::float8, lower_bound), upper_bound) AS value
        FROM chalkline.release_rows r
        WHERE r.district_id = me[1]::integer AND r.data_version IN (from_version, to_version)
          AND r.slice = of_slice AND (r.figures ? of_metric OR r.erased)),
    before AS (SELECT b.row_key, b.erased, b.one, b.two, b.value FROM both_weeks b WHERE b.data_version = from_version),
    -- Who was erased from the later week is in it no more.
    after AS (SELECT b.row_key, b.erased, b.one, b.two, b.value FROM both_weeks b
              WHERE b.data_version = to_version AND NOT b.erased),
    moved AS (
        (SELECT * FROM before EXCEPT SELECT * FROM after)
        UNION ALL
        (SELECT * FROM after EXCEPT SELECT * FROM before))
    SELECT m.one, m.two, greatest(1, count(DISTINCT m.row_key) FILTER (WHERE NOT m.erased))
    FROM moved m GROUP BY 1, 2;
END $$;
COMMENT ON FUNCTION chalkline.release_changes(text, text, text, text, float8, float8, date, date) IS 'How many learners of each group joined it, left it or have another value than in the earlier week; 1 where somebody may have been erased and nobody else has changed.';
RESET ROLE;
REVOKE CREATE ON SCHEMA chalkline FROM chalkline_job;
