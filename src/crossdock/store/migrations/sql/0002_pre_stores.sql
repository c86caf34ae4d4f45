-- Stores in full: what later tables share, and connecting by the shop's own authorization page.

-- Row-level security and grants of one more tenant table; `app_writes` lets the pages' role write it too.
CREATE FUNCTION guard_tenant_table(name text, app_writes boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY engine_all ON %I TO crossdock_engine USING (true) WITH CHECK (true)', name);
    EXECUTE format(
        'CREATE POLICY app_tenant ON %I TO crossdock_app '
        'USING (tenant_id = nullif(current_setting(''crossdock.tenant'', true), '''')::uuid) '
        'WITH CHECK (tenant_id = nullif(current_setting(''crossdock.tenant'', true), '''')::uuid)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO crossdock_engine', name);
    EXECUTE format('GRANT SELECT ON %I TO crossdock_app', name);
    IF app_writes THEN
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO crossdock_app', name);
    END IF;
END
$$;

-- A person was sent to a shop's own page to let us in; one row a question. Of the one-time state only its hash is kept.
CREATE TABLE app_authorization (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connector      text NOT NULL,
    state_hash     bytea NOT NULL UNIQUE,
    name           text NOT NULL,
    config         jsonb NOT NULL,
    actor          text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL,
    used_at        timestamptz,
    connection_id  uuid,
    problem        text,
    remedy         text
);
CREATE INDEX app_authorization_expiry ON app_authorization (expires_at);
SELECT guard_tenant_table('app_authorization', true);

-- Webhooks that a shop would not let go when it was disconnected: what a person has to delete there by hand.
ALTER TABLE connection ADD COLUMN left_behind jsonb;
