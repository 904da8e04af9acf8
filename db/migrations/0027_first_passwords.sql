-- A password that somebody else chose lets its owner in for some days only.
-- Those told before today count from today: a default fills them, since policies hide rows from an UPDATE here.
ALTER TABLE chalkline.accounts ADD COLUMN first_password_at timestamptz DEFAULT now();
ALTER TABLE chalkline.accounts ALTER COLUMN first_password_at DROP DEFAULT;
COMMENT ON COLUMN chalkline.accounts.first_password_at IS 'When a password that somebody else chose was set; counts while must_change_password says that it is still in use.';
GRANT SELECT (first_password_at), INSERT (first_password_at), UPDATE (first_password_at)
    ON chalkline.accounts TO chalkline_administrator, chalkline_security;
GRANT UPDATE (first_password_at) ON chalkline.accounts TO chalkline_signin;
