-- Which verbs each role has, table by table. Row-level security then says which rows.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON
    chalkline.institutions, chalkline.academic_terms, chalkline.staff, chalkline.staff_roles,
    chalkline.accounts, chalkline.web_sessions, chalkline.sign_in_tickets, chalkline.sign_in_attempts,
    chalkline.learner_groups, chalkline.learners, chalkline.protected_attributes, chalkline.data_keys,
    chalkline.learner_pii, chalkline.courses, chalkline.modules, chalkline.sections,
    chalkline.content_items, chalkline.competencies, chalkline.competency_edges,
    chalkline.content_competencies, chalkline.classes, chalkline.class_staff, chalkline.enrollments,
    chalkline.caseloads, chalkline.section_progress, chalkline.learning_interactions,
    chalkline.learning_sessions, chalkline.assessments, chalkline.class_assessments,
    chalkline.assessment_items, chalkline.item_competencies, chalkline.assessment_attempts,
    chalkline.item_responses, chalkline.attendance, chalkline.behaviour_events, chalkline.mastery,
    chalkline.risk_models, chalkline.risk_scores, chalkline.enrollment_state, chalkline.activity_days,
    chalkline.section_state, chalkline.assessment_state, chalkline.school_grade_state,
    chalkline.content_effectiveness, chalkline.item_statistics, chalkline.learning_patterns,
    chalkline.watermarks, chalkline.flags, chalkline.flag_events, chalkline.interventions,
    chalkline.intervention_notes, chalkline.recommendations, chalkline.consents,
    chalkline.retention_rules, chalkline.legal_holds, chalkline.erasure_requests, chalkline.key_usage,
    chalkline.release_budgets, chalkline.releases, chalkline.audit_checkpoints, chalkline.disclosures,
    chalkline.break_glass, chalkline.imports, chalkline.import_errors, chalkline.job_runs,
    chalkline.backups
TO chalkline_job;
GRANT SELECT ON chalkline.context_secrets TO chalkline_job;
GRANT SELECT, INSERT ON chalkline.audit_log TO chalkline_job;

-- The catalogue and the organisation: every member of staff.
GRANT SELECT ON
    chalkline.courses, chalkline.modules, chalkline.sections, chalkline.content_items,
    chalkline.competencies, chalkline.competency_edges, chalkline.content_competencies,
    chalkline.institutions, chalkline.academic_terms, chalkline.staff, chalkline.staff_roles,
    chalkline.classes, chalkline.class_staff, chalkline.assessments, chalkline.class_assessments,
    chalkline.assessment_items, chalkline.item_competencies, chalkline.watermarks
TO chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records, chalkline_security;

-- Learners: those responsible for them.
GRANT SELECT ON
    chalkline.learners, chalkline.data_keys, chalkline.learner_pii, chalkline.enrollments,
    chalkline.section_progress, chalkline.learning_interactions, chalkline.learning_sessions,
    chalkline.assessment_attempts, chalkline.item_responses, chalkline.attendance,
    chalkline.behaviour_events, chalkline.mastery, chalkline.risk_scores, chalkline.risk_models,
    chalkline.enrollment_state, chalkline.activity_days, chalkline.flags, chalkline.flag_events,
    chalkline.interventions, chalkline.intervention_notes, chalkline.recommendations
TO chalkline_teacher, chalkline_counselor;
GRANT SELECT ON chalkline.section_state, chalkline.assessment_state TO chalkline_teacher;
GRANT SELECT ON chalkline.caseloads TO chalkline_counselor;

-- What they may do: act on a flag, plan, write a note. Nobody deletes.
GRANT INSERT ON chalkline.flags, chalkline.flag_events, chalkline.interventions,
    chalkline.intervention_notes TO chalkline_teacher, chalkline_counselor;
GRANT UPDATE (state, snoozed_until, referred_to, closed_on, outcome, updated_at) ON chalkline.flags
    TO chalkline_teacher, chalkline_counselor;
GRANT UPDATE (review_on, ended_on, outcome, informed, schedule) ON chalkline.interventions
    TO chalkline_teacher, chalkline_counselor;
GRANT UPDATE (followed_on) ON chalkline.recommendations TO chalkline_teacher, chalkline_counselor;

-- Administrators: operations and releases, no learner table at all.
GRANT SELECT ON chalkline.imports, chalkline.import_errors, chalkline.job_runs, chalkline.backups,
    chalkline.release_budgets, chalkline.releases TO chalkline_administrator;

-- The trail: everybody adds, nobody changes.
GRANT INSERT (district_id, audit_id, actor, role, action, subject, detail) ON chalkline.audit_log
    TO chalkline_teacher, chalkline_counselor, chalkline_administrator, chalkline_records, chalkline_security;

-- Sign-in knows accounts and roles, and nothing else.
GRANT SELECT, INSERT, UPDATE, DELETE ON chalkline.web_sessions, chalkline.sign_in_tickets,
    chalkline.sign_in_attempts TO chalkline_signin;
GRANT SELECT ON chalkline.accounts, chalkline.staff, chalkline.staff_roles, chalkline.institutions
    TO chalkline_signin;
GRANT UPDATE (password_hash, must_change_password, failed_attempts, locked_until, last_failed_at,
    last_sign_in_at, password_changed_at) ON chalkline.accounts TO chalkline_signin;

-- Jobs write many rows through a temporary table (db/copying.py).
DO $$ BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO chalkline_job', current_database());
END $$;
