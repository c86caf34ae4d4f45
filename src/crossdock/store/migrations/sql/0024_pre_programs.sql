-- Programs: test sides, keys that are rotated and seen in use.

-- The test side of a tenant is a tenant of its own: what is tried there meets nothing of the live side.
ALTER TABLE tenant ADD COLUMN test_of uuid UNIQUE REFERENCES tenant;

ALTER TABLE api_key
    ADD COLUMN made_by text,
    -- When it was last seen, to the minute.
    ADD COLUMN used_at timestamptz,
    -- The key that it was made in place of.
    ADD COLUMN replaces uuid;
CREATE INDEX api_key_tenant ON api_key (tenant_id);

-- That a key was used is no change that anybody has to hear of.
DROP TRIGGER tell_caches ON api_key;
CREATE TRIGGER tell_caches AFTER INSERT OR DELETE OR UPDATE OF name, scopes, expires_at, revoked_at ON api_key
    FOR EACH ROW EXECUTE FUNCTION key_changed();

-- Which platform key made a tenant, by which Idempotency-Key and with which body, and the key that came with it.
ALTER TABLE tenant
    ADD COLUMN made_by uuid,
    ADD COLUMN made_key bytea,
    ADD COLUMN made_body bytea,
    ADD COLUMN first_key_id uuid,
    -- Set when its end was asked for: nothing of it acts any more.
    ADD COLUMN ending_at timestamptz;
CREATE UNIQUE INDEX tenant_made_once ON tenant (made_by, made_key) WHERE made_key IS NOT NULL;

-- A page by which a merchant connects one account, without a login; of its token only the hash is kept.
CREATE TABLE connect_link (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connector      text NOT NULL,
    name           text NOT NULL,
    return_url     text NOT NULL,
    token_hash     bytea NOT NULL UNIQUE,
    made_by        text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    -- The page of the account that the person was last sent to: by account page or by OAuth, and the hash of its state.
    way            text CHECK (way IN ('account', 'oauth')),
    state_hash     bytea,
    -- While a form is being tried, nobody else's is.
    trying_until   timestamptz,
    connection_id  uuid,
    connected_at   timestamptz,
    problem        text,
    remedy         text
);
CREATE INDEX connect_link_tenant ON connect_link (tenant_id, id);
CREATE INDEX connect_link_state ON connect_link (state_hash) WHERE state_hash IS NOT NULL;
CREATE INDEX connect_link_expiry ON connect_link (expires_at);
SELECT guard_tenant_table('connect_link');

-- The ends of tenants: what was asked, how far it is, and the receipt. Names no tenant's people, and outlives the tenant.
CREATE TABLE tenant_end (
    id            uuid PRIMARY KEY,
    ended_tenant  uuid NOT NULL,
    slug          text NOT NULL,
    test_of       uuid,
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT now(),
    stage         text NOT NULL DEFAULT 'stop' CHECK (stage IN ('stop', 'delete', 'done')),
    owner         text,
    until         timestamptz,
    failures      integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL DEFAULT now(),
    problem       text,
    -- What could not be taken back at stores and vendors, by connector; no addresses, no people.
    left_behind   jsonb NOT NULL DEFAULT '[]',
    counts        jsonb NOT NULL DEFAULT '{}',
    done_at       timestamptz
);
CREATE UNIQUE INDEX tenant_end_once ON tenant_end (ended_tenant) WHERE stage <> 'done';
CREATE INDEX tenant_end_due ON tenant_end (due_at) WHERE stage <> 'done';
GRANT SELECT, INSERT, UPDATE ON tenant_end TO crossdock_engine;

-- What the invoices' triggers keep goes with its tenant alone: when its end was asked for and everything of it was stopped.
CREATE FUNCTION tenant_ends(tenant uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM tenant_end e WHERE e.ended_tenant = tenant AND e.stage = 'delete')
$$;
REVOKE ALL ON FUNCTION tenant_ends(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_ends(uuid) TO crossdock_engine, crossdock_app;
DROP TRIGGER keep_issued ON invoice;
CREATE TRIGGER keep_issued BEFORE INSERT OR UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION keep_issued();
CREATE TRIGGER keep_issued_rows BEFORE DELETE ON invoice FOR EACH ROW WHEN (NOT tenant_ends(OLD.tenant_id))
    EXECUTE FUNCTION keep_issued();
DROP TRIGGER keep_counted ON invoice_counter;
CREATE TRIGGER keep_counted BEFORE INSERT OR UPDATE ON invoice_counter FOR EACH ROW EXECUTE FUNCTION keep_counted();
CREATE TRIGGER keep_counted_rows BEFORE DELETE ON invoice_counter FOR EACH ROW WHEN (NOT tenant_ends(OLD.tenant_id))
    EXECUTE FUNCTION keep_counted();
DROP TRIGGER keep_terms ON invoice_terms;
CREATE TRIGGER keep_terms BEFORE UPDATE ON invoice_terms FOR EACH ROW EXECUTE FUNCTION keep_terms();
CREATE TRIGGER keep_terms_rows BEFORE DELETE ON invoice_terms FOR EACH ROW WHEN (NOT tenant_ends(OLD.tenant_id))
    EXECUTE FUNCTION keep_terms();
