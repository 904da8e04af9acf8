-- Second factors, and how each browser proved who it is.
CREATE TABLE chalkline.second_factors (
    district_id   integer NOT NULL,
    account_id    uuid NOT NULL,
    secret        bytea NOT NULL,
    made_at       timestamptz NOT NULL,
    confirmed_at  timestamptz,
    last_step     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (district_id, account_id),
    FOREIGN KEY (district_id, account_id) REFERENCES chalkline.accounts ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.second_factors IS 'One row per account with an authenticator app (RFC 6238), from the moment its code is shown.';
COMMENT ON COLUMN chalkline.second_factors.secret IS 'The shared secret, sealed as a field (privacy.fields) under a key of the key store.';
COMMENT ON COLUMN chalkline.second_factors.confirmed_at IS 'When its owner typed a first right code; null asks for nothing yet.';
COMMENT ON COLUMN chalkline.second_factors.last_step IS 'The 30-second step of the last code used: no code works twice.';

CREATE TABLE chalkline.recovery_codes (
    district_id  integer NOT NULL,
    account_id   uuid NOT NULL,
    code_hash    bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    used_at      timestamptz,
    PRIMARY KEY (district_id, account_id, code_hash),
    FOREIGN KEY (district_id, account_id) REFERENCES chalkline.accounts ON DELETE CASCADE
);
COMMENT ON TABLE chalkline.recovery_codes IS 'One row per code that replaces the authenticator app once.';

ALTER TABLE chalkline.second_factors ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.second_factors FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.second_factors USING (
    (SELECT current_user IN ('chalkline_job', 'chalkline_signin')));
ALTER TABLE chalkline.recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE chalkline.recovery_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY who_sees ON chalkline.recovery_codes USING (
    (SELECT current_user IN ('chalkline_job', 'chalkline_signin')));
GRANT SELECT, INSERT, UPDATE, DELETE ON chalkline.second_factors, chalkline.recovery_codes TO chalkline_signin;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON chalkline.second_factors, chalkline.recovery_codes TO chalkline_job;

ALTER TABLE chalkline.sign_in_tickets ADD COLUMN method text NOT NULL DEFAULT 'password'
    CHECK (method IN ('password', 'password and code', 'password and recovery code', 'provider'));
ALTER TABLE chalkline.web_sessions ADD COLUMN method text NOT NULL DEFAULT 'password'
    CHECK (method IN ('password', 'password and code', 'password and recovery code', 'provider'));
COMMENT ON COLUMN chalkline.sign_in_tickets.method IS 'How the person proved who she is.';
COMMENT ON COLUMN chalkline.web_sessions.method IS 'How the person proved who she is.';
