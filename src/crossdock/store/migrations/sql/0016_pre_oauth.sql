-- OAuth 2.0: the hub as a vendor's app, what people granted it, and the questions that are under way.

-- The hub as one vendor's app; a tenant may have several. The seal holds the client secret, bound to the app's id.
CREATE TABLE oauth_app (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connector      text NOT NULL,
    name           text NOT NULL,
    client_id      text NOT NULL,
    key_id         text NOT NULL,
    sealed         bytea NOT NULL,
    scopes         text[],  -- asked for in place of the manifest's; null: the manifest's
    created_at     timestamptz NOT NULL DEFAULT now(),
    changed_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, connector, name)
);
SELECT guard_tenant_table('oauth_app');

-- What a person granted: one row a connection. The seal holds access and refresh token, bound to the connection's id.
-- Who renews takes the lease at one generation, calls the vendor outside of any transaction, and swaps the generation.
CREATE TABLE oauth_grant (
    connection_id  uuid PRIMARY KEY REFERENCES connection ON DELETE CASCADE,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    app_id         uuid NOT NULL REFERENCES oauth_app,
    generation     bigint NOT NULL DEFAULT 1,
    key_id         text NOT NULL,
    sealed         bytea NOT NULL,
    scopes         text[] NOT NULL,
    missing        text[] NOT NULL DEFAULT '{}',  -- optional scopes that were not granted
    issued_at      timestamptz NOT NULL,
    expires_at     timestamptz,  -- null: the access token does not end
    life_s         double precision,
    renewable      boolean NOT NULL,  -- whether there is a refresh token
    lease_until    timestamptz,
    lease_id       uuid,
    asks           integer NOT NULL DEFAULT 0,  -- renewals of this generation that were begun and whose end is not known
    asked_at       timestamptz,  -- when the first of them was begun
    problem        text,  -- why it cannot be renewed any more; null while it can
    granted_at     timestamptz NOT NULL DEFAULT now(),  -- when a person gave it last
    granted_by     text NOT NULL,
    changed_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX oauth_grant_expiry ON oauth_grant (expires_at) WHERE problem IS NULL;
CREATE INDEX oauth_grant_app ON oauth_grant (app_id);
SELECT guard_tenant_table('oauth_grant');

-- A person was sent to a vendor's page; one row a question. Of the one-time state only its hash is kept; the seal holds
-- the PKCE verifier and secrets of the form. asked_by is the API key that asked: once it is revoked, its question is void.
CREATE TABLE oauth_request (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connector      text NOT NULL,
    app_id         uuid NOT NULL REFERENCES oauth_app ON DELETE CASCADE,
    connection_id  uuid REFERENCES connection,  -- the one to reconnect; null: a new one
    asked_by       uuid REFERENCES api_key,
    state_hash     bytea NOT NULL UNIQUE,
    key_id         text NOT NULL,
    sealed         bytea NOT NULL,
    name           text NOT NULL,
    config         jsonb NOT NULL,
    scopes         text[] NOT NULL,
    actor          text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz,
    made_id        uuid,
    problem        text,
    remedy         text
);
CREATE INDEX oauth_request_expiry ON oauth_request (expires_at);
SELECT guard_tenant_table('oauth_request');

-- Every process remembers tokens until it hears of a change; leases are no change.
CREATE FUNCTION oauth_grant_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_caches('grant', coalesce(NEW.connection_id, OLD.connection_id));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_caches_changed AFTER UPDATE ON oauth_grant FOR EACH ROW
    WHEN (jsonb_build_array(OLD.generation, OLD.problem, OLD.expires_at)
          IS DISTINCT FROM
          jsonb_build_array(NEW.generation, NEW.problem, NEW.expires_at))
    EXECUTE FUNCTION oauth_grant_changed();
CREATE TRIGGER tell_caches AFTER INSERT OR DELETE ON oauth_grant FOR EACH ROW EXECUTE FUNCTION oauth_grant_changed();
