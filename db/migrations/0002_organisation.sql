-- Who and where: districts, schools, terms, staff, accounts.
CREATE TABLE chalkline.institutions (
    district_id     integer NOT NULL,
    institution_id  uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('district', 'school')),
    parent_id       uuid,
    name            text NOT NULL CHECK (name <> ''),
    type            text NOT NULL DEFAULT 'school'
                    CHECK (type IN ('university', 'school', 'corporate', 'online_platform')),
    timezone        text NOT NULL DEFAULT 'UTC',
    clock_on        date,
    generated       boolean NOT NULL DEFAULT false,
    least_group     smallint NOT NULL DEFAULT 5 CHECK (least_group IN (5, 10, 15, 20)),
    alert_capacity  smallint NOT NULL DEFAULT 12 CHECK (alert_capacity BETWEEN 1 AND 100),
    settings        jsonb NOT NULL DEFAULT '{}',
    source_id       text,
    PRIMARY KEY (district_id, institution_id),
    FOREIGN KEY (district_id, parent_id) REFERENCES chalkline.institutions,
    CHECK ((kind = 'district') = (parent_id IS NULL))
);
CREATE UNIQUE INDEX one_row_for_a_district ON chalkline.institutions (district_id) WHERE kind = 'district';
COMMENT ON TABLE chalkline.institutions IS 'One row per district or school; a school names its district as parent.';
COMMENT ON COLUMN chalkline.institutions.clock_on IS 'Fixed "today" for historical data; null means the real date in the institution''s time zone.';
COMMENT ON COLUMN chalkline.institutions.generated IS 'True for invented people; every page then says so.';
COMMENT ON COLUMN chalkline.institutions.least_group IS 'k: a figure about fewer learners than this is not shown.';
COMMENT ON COLUMN chalkline.institutions.alert_capacity IS 'Most learners listed on a teacher''s Today page; the rest is a number.';
COMMENT ON COLUMN chalkline.institutions.settings IS 'Compliance settings: FERPA, COPPA and GDPR choices, accreditation.';

CREATE TABLE chalkline.academic_terms (
    district_id  integer NOT NULL,
    term_id      uuid NOT NULL,
    code         text NOT NULL,
    name         text NOT NULL,
    school_year  integer NOT NULL CHECK (school_year BETWEEN 1990 AND 2200),
    starts_on    date NOT NULL,
    ends_on      date NOT NULL,
    PRIMARY KEY (district_id, term_id),
    UNIQUE (district_id, code),
    CHECK (ends_on > starts_on)
);
COMMENT ON TABLE chalkline.academic_terms IS 'One row per term (semester, presentation, school year) of a district.';
COMMENT ON COLUMN chalkline.academic_terms.school_year IS 'Calendar year in which the school year ends.';

CREATE TABLE chalkline.staff (
    district_id   integer NOT NULL,
    staff_id      uuid NOT NULL,
    display_name  text NOT NULL CHECK (display_name <> ''),
    email         text,
    source_id     text,
    PRIMARY KEY (district_id, staff_id),
    UNIQUE (district_id, source_id)
);
COMMENT ON TABLE chalkline.staff IS 'One row per member of staff; directory information, not a learner''s record.';

CREATE TABLE chalkline.staff_roles (
    district_id  integer NOT NULL,
    staff_id     uuid NOT NULL,
    role         text NOT NULL CHECK (role IN ('teacher', 'counselor', 'administrator', 'records', 'security')),
    school_id    uuid NOT NULL,
    starts_on    date NOT NULL,
    ends_on      date,
    PRIMARY KEY (district_id, staff_id, role, school_id, starts_on),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    FOREIGN KEY (district_id, school_id) REFERENCES chalkline.institutions,
    CHECK (ends_on IS NULL OR ends_on >= starts_on)
);
COMMENT ON TABLE chalkline.staff_roles IS 'One row per role a member of staff holds at an institution, from a day on. The roster is its only source.';
COMMENT ON COLUMN chalkline.staff_roles.school_id IS 'The school, or the district''s own row for a district-wide role.';

CREATE TABLE chalkline.accounts (
    district_id           integer NOT NULL,
    account_id            uuid NOT NULL,
    staff_id              uuid NOT NULL,
    sign_in_name          text NOT NULL CHECK (sign_in_name = lower(sign_in_name) AND sign_in_name <> ''),
    password_hash         text,
    must_change_password  boolean NOT NULL DEFAULT false,
    disabled_at           timestamptz,
    failed_attempts       integer NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0),
    locked_until          timestamptz,
    last_failed_at        timestamptz,
    last_sign_in_at       timestamptz,
    password_changed_at   timestamptz,
    oidc_issuer           text,
    oidc_subject          text,
    created_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (district_id, account_id),
    FOREIGN KEY (district_id, staff_id) REFERENCES chalkline.staff,
    CHECK ((oidc_issuer IS NULL) = (oidc_subject IS NULL))
);
CREATE UNIQUE INDEX accounts_sign_in_name ON chalkline.accounts (sign_in_name);
CREATE UNIQUE INDEX accounts_oidc ON chalkline.accounts (oidc_issuer, oidc_subject);
COMMENT ON TABLE chalkline.accounts IS 'One row per account with which a member of staff signs in.';
COMMENT ON COLUMN chalkline.accounts.password_hash IS 'bcrypt over base64(sha256(password)), so that long passwords count whole; null for OpenID Connect only.';
COMMENT ON COLUMN chalkline.accounts.failed_attempts IS 'Wrong passwords in a row; the lock-out grows with it.';
COMMENT ON COLUMN chalkline.accounts.oidc_subject IS 'The provider''s own identifier of the person; never the e-mail address.';

CREATE TABLE chalkline.web_sessions (
    token_hash           bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    district_id          integer NOT NULL,
    account_id           uuid NOT NULL,
    role                 text NOT NULL CHECK (role IN ('teacher', 'counselor', 'administrator', 'records', 'security')),
    created_at           timestamptz NOT NULL DEFAULT now(),
    last_seen_at         timestamptz NOT NULL DEFAULT now(),
    absolute_expires_at  timestamptz NOT NULL,
    client               text NOT NULL DEFAULT '',
    revoked_at           timestamptz,
    FOREIGN KEY (district_id, account_id) REFERENCES chalkline.accounts ON DELETE CASCADE
);
CREATE INDEX web_sessions_account ON chalkline.web_sessions (district_id, account_id);
COMMENT ON TABLE chalkline.web_sessions IS 'One row per signed-in browser; deleting it signs the browser out.';
COMMENT ON COLUMN chalkline.web_sessions.token_hash IS 'sha256 of the random token in the cookie; the token itself is stored nowhere.';
COMMENT ON COLUMN chalkline.web_sessions.client IS 'Browser family, so that a person can recognise her own sessions.';

CREATE TABLE chalkline.sign_in_tickets (
    ticket_hash   bytea PRIMARY KEY CHECK (octet_length(ticket_hash) = 32),
    district_id   integer NOT NULL,
    account_id    uuid NOT NULL,
    role          text NOT NULL,
    browser_hash  bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    FOREIGN KEY (district_id, account_id) REFERENCES chalkline.accounts ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.sign_in_tickets IS 'One row per correct password, traded once within a minute for a session cookie.';
COMMENT ON COLUMN chalkline.sign_in_tickets.browser_hash IS 'sha256 of the pre-session cookie: a ticket works only in the browser that earned it.';

CREATE TABLE chalkline.sign_in_attempts (
    attempt_id  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name_hash   bytea NOT NULL,
    succeeded   boolean NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_attempts_recent ON chalkline.sign_in_attempts (name_hash, at);
COMMENT ON TABLE chalkline.sign_in_attempts IS 'One row per sign-in attempt, for known and unknown names alike, so that both lock out the same way.';
COMMENT ON COLUMN chalkline.sign_in_attempts.name_hash IS 'HMAC-SHA256 of the lower-case name as typed.';

CREATE TABLE chalkline.context_secrets (
    secret_id  smallint PRIMARY KEY CHECK (secret_id = 1),
    inner_pad  bytea NOT NULL CHECK (octet_length(inner_pad) = 64),
    outer_pad  bytea NOT NULL CHECK (octet_length(outer_pad) = 64)
);
COMMENT ON TABLE chalkline.context_secrets IS 'One row: the padded HMAC keys with which the application signs a viewer''s context. Read only by the policies'' own functions.';
