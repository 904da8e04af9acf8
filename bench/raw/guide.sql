-- One district's history in the tables and under the indexes of lms-database-guide.md, beside ours.
-- Its inline ENUMs and INDEXes are not PostgreSQL; the columns that a question reads are here under
-- the document's names. Its course is our class. What it has no table for (attendance, due days,
-- items) is read from ours. Nobody's policies apply to these copies.
DROP SCHEMA IF EXISTS guide CASCADE;
CREATE SCHEMA guide;

CREATE TABLE guide.course_enrollments AS
SELECT gen_random_uuid() AS id, learner_id, class_id AS course_id, enrolled_on AS enrollment_date,
       left_on, status AS completion_status
FROM chalkline.enrollments WHERE district_id = :district;
ALTER TABLE guide.course_enrollments ADD PRIMARY KEY (id), ADD UNIQUE (learner_id, course_id);
CREATE INDEX idx_enrollments_course_status_progress
    ON guide.course_enrollments (course_id, completion_status);

CREATE TABLE guide.section_progress AS
SELECT gen_random_uuid() AS id, learner_id, section_id, class_id AS course_id, status,
       completion_percentage, first_opened_at AS first_accessed, last_opened_at AS last_accessed,
       seconds_spent AS total_time_spent, interactions AS interaction_count, help_requests,
       comprehension AS comprehension_score, completed_at AS completion_timestamp,
       last_opened_at AS updated_at
FROM chalkline.section_progress WHERE district_id = :district;
ALTER TABLE guide.section_progress ADD PRIMARY KEY (id);
-- The document's UNIQUE (learner_id, section_id) does not hold where a course is taken twice.
CREATE UNIQUE INDEX section_progress_learner_section
    ON guide.section_progress (learner_id, section_id, course_id);
CREATE INDEX idx_section_progress_course_status
    ON guide.section_progress (course_id, status) INCLUDE (completion_percentage, total_time_spent);
CREATE INDEX idx_section_progress_learner_updated
    ON guide.section_progress (learner_id, updated_at DESC)
    INCLUDE (section_id, completion_percentage);

CREATE TABLE guide.learning_interactions AS
SELECT interaction_id AS id, learner_id, section_id, class_id AS course_id,
       type AS interaction_type, bloom_level AS bloom_taxonomy_level, '{}'::jsonb AS interaction_data,
       duration_seconds, outcome, NULL::numeric(3, 2) AS learning_effectiveness, clicks,
       device AS device_type, session_id, occurred_at AS timestamp
FROM chalkline.learning_interactions WHERE district_id = :district ORDER BY occurred_at;
ALTER TABLE guide.learning_interactions ADD PRIMARY KEY (id);
CREATE INDEX idx_learning_interactions_learner_timestamp
    ON guide.learning_interactions (learner_id, timestamp);
CREATE INDEX idx_learning_interactions_course_type
    ON guide.learning_interactions (course_id, interaction_type);
CREATE INDEX idx_learning_interactions_section_outcome
    ON guide.learning_interactions (section_id, outcome);
CREATE INDEX idx_interactions_course_type_timestamp
    ON guide.learning_interactions (course_id, interaction_type, timestamp DESC)
    INCLUDE (learner_id, outcome, learning_effectiveness);
CREATE INDEX idx_interactions_learner_session
    ON guide.learning_interactions (learner_id, session_id, timestamp)
    INCLUDE (interaction_type, outcome, duration_seconds);

-- Its assessment belongs to one course, hence one row for each class that sits ours.
CREATE TABLE guide.educational_assessments AS
SELECT gen_random_uuid() AS id, c.class_id AS course_id, a.section_id, a.assessment_id AS source_id,
       c.due_on, a.weight AS weight_in_course
FROM chalkline.class_assessments c
JOIN chalkline.assessments a USING (district_id, assessment_id) WHERE c.district_id = :district;
ALTER TABLE guide.educational_assessments ADD PRIMARY KEY (id);
-- A gift: the document forgot this one, and everything about a course's assessments would scan.
CREATE INDEX gift_assessments_course ON guide.educational_assessments (course_id);

CREATE TABLE guide.assessment_attempts AS
SELECT t.attempt_id AS id, t.learner_id, g.id AS assessment_id, t.attempt_number, t.started_at,
       t.submitted_at, t.marked_at, t.seconds_spent / 60.0 AS time_spent_minutes,
       coalesce(r.responses, '{}') AS responses, t.percent AS score,
       t.percent AS percentage_score, t.passed, t.banked, t.status AS completion_status
FROM chalkline.assessment_attempts t
JOIN guide.educational_assessments g
  ON g.course_id = t.class_id AND g.source_id = t.assessment_id
LEFT JOIN (
    SELECT attempt_id, jsonb_object_agg(item_id, jsonb_build_object(
               'answer', answer, 'credit', credit, 'at', answered_at)) AS responses
    FROM chalkline.item_responses WHERE district_id = :district GROUP BY attempt_id
) r USING (attempt_id)
WHERE t.district_id = :district;
ALTER TABLE guide.assessment_attempts
    ADD PRIMARY KEY (id), ADD UNIQUE (learner_id, assessment_id, attempt_number);
CREATE INDEX idx_assessment_attempts_assessment_submitted
    ON guide.assessment_attempts (assessment_id, submitted_at DESC)
    INCLUDE (score, percentage_score, time_spent_minutes);

VACUUM ANALYZE guide.course_enrollments;
VACUUM ANALYZE guide.section_progress;
VACUUM ANALYZE guide.learning_interactions;
VACUUM ANALYZE guide.educational_assessments;
VACUUM ANALYZE guide.assessment_attempts;
