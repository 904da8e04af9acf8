-- Consent, retention, releases, the audit trail; imports, jobs and backups.
CREATE TABLE chalkline.consents (
    district_id   integer NOT NULL,
    consent_id    uuid NOT NULL,
    learner_id    uuid NOT NULL,
    law           text NOT NULL CHECK (law IN ('COPPA', 'FERPA', 'GDPR')),
    purpose       text NOT NULL,
    basis         text NOT NULL,
    version       text NOT NULL,
    given_by      text NOT NULL CHECK (given_by IN ('parent', 'learner', 'school')),
    given_at      timestamptz NOT NULL,
    expires_on    date,
    withdrawn_at  timestamptz,
    PRIMARY KEY (district_id, consent_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX consents_learner ON chalkline.consents (district_id, learner_id);
COMMENT ON TABLE chalkline.consents IS 'One row per consent given for a learner, kept after withdrawal.';

CREATE TABLE chalkline.retention_rules (
    district_id  integer NOT NULL,
    rule_id      uuid NOT NULL,
    category     text NOT NULL,
    source       text NOT NULL,
    legal_basis  text NOT NULL,
    trigger      text NOT NULL,
    delay_days   integer NOT NULL CHECK (delay_days >= 0),
    action       text NOT NULL CHECK (action IN ('delete', 'anonymise', 'archive', 'review')),
    active       boolean NOT NULL DEFAULT true,
    PRIMARY KEY (district_id, rule_id)
);
COMMENT ON TABLE chalkline.retention_rules IS 'One row per rule of how long a category of data is kept and what happens then.';

CREATE TABLE chalkline.legal_holds (
    district_id  integer NOT NULL,
    hold_id      uuid NOT NULL,
    learner_id   uuid,
    reason       text NOT NULL CHECK (reason <> ''),
    placed_by    uuid NOT NULL,
    placed_at    timestamptz NOT NULL DEFAULT now(),
    lifted_at    timestamptz,
    PRIMARY KEY (district_id, hold_id),
    FOREIGN KEY (district_id, placed_by) REFERENCES chalkline.staff
);
COMMENT ON TABLE chalkline.legal_holds IS 'One row per order to keep data; null learner holds the whole district.';

CREATE TABLE chalkline.erasure_requests (
    district_id   integer NOT NULL,
    request_id    uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('access', 'erasure', 'correction')),
    anonymous_id  uuid NOT NULL,
    learner_id    uuid,
    requested_by  text NOT NULL CHECK (requested_by IN ('parent', 'learner', 'school')),
    received_on   date NOT NULL,
    due_on        date NOT NULL,
    verified_at   timestamptz,
    approved_by   uuid,
    done_at       timestamptz,
    outcome       text,
    PRIMARY KEY (district_id, request_id),
    CHECK (due_on >= received_on)
);
COMMENT ON TABLE chalkline.erasure_requests IS 'One row per request for access, correction or erasure; outlives the learner by her anonymous identifier.';

CREATE TABLE chalkline.key_usage (
    usage_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    district_id  integer,
    kek_id       text NOT NULL,
    actor        text NOT NULL,
    purpose      text NOT NULL,
    uses         integer NOT NULL CHECK (uses >= 1),
    at           timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE chalkline.key_usage IS 'One row per batch of uses of a key: who, which key, what for, how often.';

CREATE TABLE chalkline.release_budgets (
    district_id  integer NOT NULL,
    school_year  integer NOT NULL,
    rho_cap      numeric NOT NULL CHECK (rho_cap > 0),
    rho_spent    numeric NOT NULL DEFAULT 0 CHECK (rho_spent >= 0),
    delta        numeric NOT NULL CHECK (delta > 0 AND delta < 1),
    set_by       uuid,
    approved_by  uuid,
    PRIMARY KEY (district_id, school_year),
    CHECK (rho_spent <= rho_cap),
    CHECK (set_by IS DISTINCT FROM approved_by OR set_by IS NULL)
);
COMMENT ON TABLE chalkline.release_budgets IS 'One row per district and school year: privacy budget in zCDP (rho), and what is spent of it.';

CREATE TABLE chalkline.releases (
    district_id   integer NOT NULL,
    release_id    uuid NOT NULL,
    school_year   integer NOT NULL,
    metric        text NOT NULL,
    grain         text NOT NULL,
    regime        text NOT NULL CHECK (regime IN ('exact', 'private')),
    data_version  date NOT NULL,
    parameters    jsonb NOT NULL,
    rho           numeric NOT NULL DEFAULT 0 CHECK (rho >= 0),
    answer        jsonb NOT NULL,
    asked_by      uuid,
    released_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, release_id),
    UNIQUE (district_id, metric, grain, regime, data_version)
);
COMMENT ON TABLE chalkline.releases IS 'One row per released answer; the same question on the same data is always answered from here.';

CREATE TABLE chalkline.audit_log (
    district_id  integer,
    audit_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor        uuid,
    role         text NOT NULL,
    action       text NOT NULL,
    subject      uuid,
    detail       jsonb NOT NULL DEFAULT '{}',
    position     bigint,
    previous     bytea,
    hash         bytea
);
CREATE INDEX audit_log_subject ON chalkline.audit_log (district_id, subject, at);
COMMENT ON TABLE chalkline.audit_log IS 'One row per thing somebody did or saw. Append only.';
COMMENT ON COLUMN chalkline.audit_log.subject IS 'The learner''s anonymous identifier, so that erasure leaves the trail whole.';
COMMENT ON COLUMN chalkline.audit_log.position IS 'Place in the hash chain (position, previous, hash), set by the chaining job.';

CREATE TABLE chalkline.audit_checkpoints (
    checkpoint_id  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tree_size      bigint NOT NULL,
    root_hash      bytea NOT NULL,
    signature      bytea NOT NULL,
    key_id         text NOT NULL,
    at             timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE chalkline.audit_checkpoints IS 'One row per signed Merkle root of the audit log; copies are kept outside the database.';

CREATE TABLE chalkline.disclosures (
    district_id    integer NOT NULL,
    disclosure_id  uuid NOT NULL DEFAULT gen_random_uuid(),
    learner_id     uuid NOT NULL,
    disclosed_to   text NOT NULL,
    purpose        text NOT NULL,
    legal_basis    text NOT NULL,
    what           text NOT NULL,
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, disclosure_id),
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE
);
CREATE INDEX disclosures_learner ON chalkline.disclosures (district_id, learner_id, at);
COMMENT ON TABLE chalkline.disclosures IS 'One row per disclosure of a learner''s record to somebody outside those responsible for her.';

CREATE TABLE chalkline.break_glass (
    district_id  integer NOT NULL,
    grant_id     uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id     uuid NOT NULL,
    learner_id   uuid NOT NULL,
    reason       text NOT NULL CHECK (length(reason) >= 10),
    opened_at    timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '15 minutes',
    PRIMARY KEY (district_id, grant_id),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, learner_id) REFERENCES chalkline.learners ON DELETE CASCADE,
    CHECK (expires_at <= opened_at + interval '15 minutes')
);
COMMENT ON TABLE chalkline.break_glass IS 'One row per emergency view of one learner by an administrator.';

CREATE TABLE chalkline.imports (
    district_id   integer NOT NULL,
    import_id     uuid NOT NULL,
    source        text NOT NULL,
    fingerprint   text NOT NULL,
    state         text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    rows_read     bigint NOT NULL DEFAULT 0,
    rows_written  bigint NOT NULL DEFAULT 0,
    rows_rejected bigint NOT NULL DEFAULT 0,
    report        jsonb NOT NULL DEFAULT '{}',
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    PRIMARY KEY (district_id, import_id)
);
CREATE INDEX imports_latest ON chalkline.imports (district_id, started_at DESC);
COMMENT ON TABLE chalkline.imports IS 'One row per run of a loader.';
COMMENT ON COLUMN chalkline.imports.fingerprint IS 'sha256 of what was loaded and with which options; a finished import of the same is not run again.';
COMMENT ON COLUMN chalkline.imports.report IS 'Per file: rows read, written, rejected, and which steps are done (a killed load resumes there).';

CREATE TABLE chalkline.import_errors (
    district_id  integer NOT NULL,
    import_id    uuid NOT NULL,
    position     integer NOT NULL,
    file         text NOT NULL,
    line         bigint,
    "column"     text,
    reason       text NOT NULL,
    PRIMARY KEY (district_id, import_id, position),
    FOREIGN KEY (district_id, import_id) REFERENCES chalkline.imports ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.import_errors IS 'One row per rejected row of an import (the first thousand): where and why, never its content.';

CREATE TABLE chalkline.job_runs (
    run_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    district_id  integer,
    job          text NOT NULL,
    state        text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    detail       jsonb NOT NULL DEFAULT '{}',
    started_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);
CREATE INDEX job_runs_latest ON chalkline.job_runs (job, started_at DESC);
COMMENT ON TABLE chalkline.job_runs IS 'One row per run of a background job that did something or failed.';

CREATE TABLE chalkline.backups (
    backup_id    uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('base', 'wal', 'drill')),
    location     text NOT NULL,
    key_id       text,
    bytes        bigint,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    verified_at  timestamptz,
    result       jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE chalkline.backups IS 'One row per backup or restore drill and its result.';
