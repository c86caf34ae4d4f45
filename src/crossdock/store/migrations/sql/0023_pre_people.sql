-- People who use the hub: who they are, how they log in, where they may do what.
-- A person belongs to no tenant: one login, many memberships. Names and e-mail addresses are sealed; a person is found by
-- the keyed hash of the address. Of every token only its SHA-256 is kept (each has 256 random bits).

CREATE TABLE person (
    id              uuid PRIMARY KEY,
    email_hash      bytea NOT NULL UNIQUE,
    key_id          text NOT NULL,
    sealed          bytea NOT NULL,  -- {"email", "name"}, bound to the row's id
    password_hash   text,  -- argon2id in PHC's form, which names its parameters; null: never entered yet
    password_at     timestamptz,
    zone            text NOT NULL DEFAULT 'UTC',
    theme           text NOT NULL DEFAULT 'auto' CHECK (theme IN ('auto', 'light', 'dark')),
    last_tenant_id  uuid REFERENCES tenant ON DELETE SET NULL,
    disabled_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE membership (
    tenant_id    uuid NOT NULL REFERENCES tenant ON DELETE CASCADE,
    person_id    uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin', 'owner')),
    invited_by   text NOT NULL,
    invited_at   timestamptz NOT NULL DEFAULT now(),
    accepted_at  timestamptz,  -- null: invited, may do nothing yet
    PRIMARY KEY (tenant_id, person_id)
);
CREATE INDEX membership_person ON membership (person_id);
SELECT guard_tenant_table('membership');

CREATE TABLE person_session (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    token_hash    bytea NOT NULL UNIQUE,
    agent         text NOT NULL,  -- 'Firefox on Linux': what a person knows it again by, and no more
    created_at    timestamptz NOT NULL DEFAULT now(),
    seen_at       timestamptz NOT NULL DEFAULT now(),
    confirmed_at  timestamptz NOT NULL DEFAULT now(),  -- when the password was given last
    expires_at    timestamptz NOT NULL
);
CREATE INDEX person_session_person ON person_session (person_id);
CREATE INDEX person_session_expiry ON person_session (expires_at);

-- One-time codes by time (RFC 6238). The row's id is the person's.
CREATE TABLE person_totp (
    id            uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    key_id        text NOT NULL,
    sealed        bytea NOT NULL,  -- the shared secret, bound to the row's id
    last_step     bigint NOT NULL DEFAULT 0,  -- the step of the last code that was taken: none is taken twice
    created_at    timestamptz NOT NULL DEFAULT now(),
    confirmed_at  timestamptz  -- null: shown, not proven yet
);

CREATE TABLE recovery_code (
    person_id  uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    code_hash  bytea NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (person_id, code_hash)
);

-- A token that does one thing once: the first owner, an invitation, a new password, the second step of a login.
CREATE TABLE person_link (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('first_run', 'invite', 'reset', 'login')),
    token_hash  bytea NOT NULL UNIQUE,
    person_id   uuid REFERENCES person ON DELETE CASCADE,
    tenant_id   uuid REFERENCES tenant ON DELETE CASCADE,
    made_by     text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);
CREATE INDEX person_link_person ON person_link (person_id);
CREATE INDEX person_link_expiry ON person_link (expires_at);
SELECT guard_tenant_table('person_link');

-- Attempts to log in that failed, by the keyed hash of an e-mail address (known or not) or of an IP address.
CREATE TABLE login_guard (
    key_hash      bytea PRIMARY KEY,
    failures      integer NOT NULL,
    last_at       timestamptz NOT NULL DEFAULT now(),
    locked_until  timestamptz
) WITH (fillfactor = 70);
CREATE INDEX login_guard_age ON login_guard (last_at);

-- The pages' role, which sees one tenant, has no business with them.
GRANT SELECT, INSERT, UPDATE, DELETE ON person, person_session, person_totp, recovery_code, login_guard
    TO crossdock_engine;
