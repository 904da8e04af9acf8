-- The database roles. A person's session never owns anything and never bypasses row-level security.
CREATE SCHEMA chalkline;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'chalkline_teacher', 'chalkline_counselor', 'chalkline_administrator', 'chalkline_records',
        'chalkline_security', 'chalkline_signin', 'chalkline_releaser', 'chalkline_job'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
        END IF;
    END LOOP;
END $$;

-- The application may become any role of a person, and none that sees everything.
GRANT chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records,
      chalkline_security, chalkline_signin, chalkline_releaser
   TO chalkline_app WITH INHERIT FALSE, SET TRUE;
-- Jobs (loading, refreshing) connect as the owner and step down to the one role whose work is everybody's rows.
GRANT chalkline_job TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;

GRANT USAGE ON SCHEMA chalkline TO
    chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records,
    chalkline_security, chalkline_signin, chalkline_releaser, chalkline_job;

CREATE TYPE chalkline.bloom_level AS ENUM
    ('remember', 'understand', 'apply', 'analyze', 'evaluate', 'create');
CREATE TYPE chalkline.interaction_type AS ENUM
    ('content_view', 'knowledge_check', 'practice_activity', 'reflection', 'discussion',
     'help_request', 'navigation');
CREATE TYPE chalkline.outcome AS ENUM ('successful', 'partial', 'unsuccessful', 'abandoned');
