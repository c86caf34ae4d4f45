-- The audit becomes a chain: entries are only ever added, marked by the program that writes them, and chained soon after.

-- Key id and HMAC of the entry, by a key derived from the master key; null: written by a program older than this.
ALTER TABLE audit_entry ADD COLUMN mark bytea;
CREATE INDEX audit_entry_listed ON audit_entry (tenant_id, id);

-- Entries that no link holds yet. Writers only add rows here, so they wait for nobody; the chainer takes them away.
CREATE TABLE audit_waiting (
    tenant_id  uuid NOT NULL,  -- the chain: a tenant, or 0 for what belongs to none
    entry_id   uuid NOT NULL,
    PRIMARY KEY (tenant_id, entry_id)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- One row an entry. hash is SHA-256 over chain, seq, state, prev_hash and the entry; mark is the HMAC of hash.
CREATE TABLE audit_link (
    tenant_id  uuid NOT NULL,
    seq        bigint NOT NULL CHECK (seq > 0),
    entry_id   uuid NOT NULL UNIQUE,
    state      text NOT NULL CHECK (state IN ('signed', 'former', 'unsigned', 'gone')),
    prev_hash  bytea NOT NULL,
    hash       bytea NOT NULL,
    mark       bytea NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);

-- Where each chain begins (after a cut: what lies before was taken away in due form) and ends. mark is the HMAC of it all.
CREATE TABLE audit_head (
    tenant_id     uuid PRIMARY KEY,
    cut_seq       bigint NOT NULL,
    cut_hash      bytea NOT NULL,
    seq           bigint NOT NULL,
    hash          bytea NOT NULL,
    former_until  timestamptz,  -- entries without a mark are taken until then; null: never
    at            timestamptz NOT NULL,
    mark          bytea NOT NULL
) WITH (fillfactor = 50);

-- Programs of the version before go on writing during an upgrade of many nodes; a new database has none of them.
CREATE TABLE audit_start (
    former_until  timestamptz
);

-- What an older program wrote is chained as well. Read by partition: row-level security keeps the owner off the parent.
DO $$
DECLARE
    part regclass;
    found boolean := false;
    added bigint;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit_entry'::regclass LOOP
        EXECUTE format(
            'INSERT INTO audit_waiting SELECT coalesce(tenant_id, ''00000000-0000-0000-0000-000000000000''), id FROM %s',
            part);
        GET DIAGNOSTICS added = ROW_COUNT;
        found := found OR added > 0;
    END LOOP;
    INSERT INTO audit_start VALUES (CASE WHEN found THEN now() + interval '1 day' END);
END
$$;

CREATE FUNCTION queue_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting VALUES (coalesce(NEW.tenant_id, '00000000-0000-0000-0000-000000000000'), NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_entry_waits AFTER INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION queue_audit_entry();

SELECT guard_tenant_table('audit_waiting');
SELECT guard_tenant_table('audit_link');
SELECT guard_tenant_table('audit_head');
GRANT INSERT ON audit_waiting TO crossdock_app;
GRANT SELECT ON audit_start TO crossdock_engine;
REVOKE UPDATE ON audit_waiting FROM crossdock_engine;
REVOKE UPDATE, DELETE ON audit_entry, audit_link FROM crossdock_engine, crossdock_app;
REVOKE DELETE ON audit_head FROM crossdock_engine;

-- Nobody ever changes an entry or a link, the owner neither.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only added to' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_link_stays BEFORE UPDATE ON audit_link FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

-- The only ways by which rows go: the beginning of a chain after its retention (the caller signs the cut in audit_head),
-- and a whole chain with its tenant. They run as the owner, who else sees no row of these tables.
CREATE POLICY owner_cuts ON audit_entry TO crossdock_owner
    USING (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000')
           = nullif(current_setting('crossdock.audit_cut', true), '')::uuid);
CREATE POLICY owner_cuts ON audit_link TO crossdock_owner
    USING (tenant_id = nullif(current_setting('crossdock.audit_cut', true), '')::uuid);
CREATE POLICY owner_cuts ON audit_waiting TO crossdock_owner
    USING (tenant_id = nullif(current_setting('crossdock.audit_cut', true), '')::uuid);
CREATE POLICY owner_cuts ON audit_head TO crossdock_owner
    USING (tenant_id = nullif(current_setting('crossdock.audit_cut', true), '')::uuid);

CREATE FUNCTION cut_audit_chain(chain uuid, upto bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM set_config('crossdock.audit_cut', chain::text, true);
    WITH cut AS (DELETE FROM audit_link WHERE tenant_id = chain AND seq <= upto RETURNING entry_id)
    DELETE FROM audit_entry e USING cut WHERE e.id = cut.entry_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('crossdock.audit_cut', '', true);
    RETURN gone;
END
$$;

CREATE FUNCTION end_audit_chain(chain uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    PERFORM set_config('crossdock.audit_cut', chain::text, true);
    DELETE FROM audit_waiting WHERE tenant_id = chain;
    DELETE FROM audit_link WHERE tenant_id = chain;
    DELETE FROM audit_head WHERE tenant_id = chain;
    DELETE FROM audit_entry WHERE tenant_id = chain;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('crossdock.audit_cut', '', true);
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION cut_audit_chain(uuid, bigint), end_audit_chain(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cut_audit_chain(uuid, bigint), end_audit_chain(uuid) TO crossdock_engine;
