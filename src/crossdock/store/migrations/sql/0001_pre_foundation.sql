-- The foundation: tenants, connections, the rule of recording, the live queue and its history.
-- Every table with a tenant has forced row-level security: the engine sees all (its queries name the tenant),
-- the app sees only the tenant that its transaction has set. Identifiers are UUIDv7; event, delivery_done, attempt and
-- audit_entry are partitioned by the day inside their id, so a row is found by its id alone.

CREATE TABLE tenant (
    tenant_id   uuid PRIMARY KEY,
    slug        text NOT NULL UNIQUE,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_key (
    id            uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL REFERENCES tenant,
    name          text NOT NULL,
    key_hash      bytea NOT NULL UNIQUE,
    scopes        text[] NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz,
    revoked_at    timestamptz
);

CREATE TABLE connection (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL REFERENCES tenant,
    connector    text NOT NULL,
    name         text NOT NULL,
    state        text NOT NULL CHECK (state IN ('draft', 'active', 'paused', 'broken', 'revoked')),
    account_uid  text NOT NULL,
    config       jsonb NOT NULL DEFAULT '{}',
    account      jsonb NOT NULL DEFAULT '{}',
    route_epoch  integer NOT NULL DEFAULT 0,
    problem      text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    changed_at   timestamptz NOT NULL DEFAULT now()
);
-- The same account twice would write everything twice.
CREATE UNIQUE INDEX connection_account ON connection (tenant_id, connector, account_uid) WHERE state <> 'revoked';

CREATE TABLE credential (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    name           text NOT NULL,
    key_id         text NOT NULL,
    generation     integer NOT NULL DEFAULT 1,
    sealed         bytea NOT NULL,
    changed_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (connection_id, name)
);

-- A webhook we registered at a vendor; its secret is the credential named 'hook:<vendor_id>'.
CREATE TABLE hook (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    topic          text NOT NULL,
    vendor_id      text NOT NULL,
    url            text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (connection_id, vendor_id)
);

CREATE TABLE mapping_version (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    route_id    uuid NOT NULL,
    version     integer NOT NULL,
    document    jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (route_id, version)
);

CREATE TABLE route (
    id               uuid PRIMARY KEY,
    tenant_id        uuid NOT NULL REFERENCES tenant,
    source_id        uuid NOT NULL REFERENCES connection,
    destination_id   uuid NOT NULL REFERENCES connection,
    stream           text NOT NULL,
    action           text NOT NULL,
    occurrence       boolean NOT NULL,
    historical       boolean NOT NULL DEFAULT false,
    priority         smallint NOT NULL DEFAULT 1,
    types            text[] NOT NULL DEFAULT '{}',
    skip_statuses    text[] NOT NULL DEFAULT '{}',
    mapping_version  integer NOT NULL DEFAULT 0,
    enabled          boolean NOT NULL DEFAULT true,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX route_once ON route (source_id, destination_id, stream, action) WHERE enabled;

-- The current state of an entity. Its row lock is the only serialisation of arrivals.
CREATE TABLE record (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL,
    connection_id   uuid NOT NULL,
    stream          text NOT NULL,
    external_id     text NOT NULL,
    parent_id       text,
    seq             bigint NOT NULL,
    digest          bytea NOT NULL,
    digest_version  smallint NOT NULL,
    presence        text NOT NULL CHECK (presence IN ('live', 'draft', 'trashed', 'deleted')),
    status          text NOT NULL,
    modified_at     timestamptz,
    made_at         timestamptz,
    seen_to         timestamptz NOT NULL,
    contested       boolean NOT NULL DEFAULT false,
    subject         bytea,
    event_id        uuid NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX record_key ON record (connection_id, stream, external_id);
CREATE INDEX record_subject ON record (tenant_id, subject) WHERE subject IS NOT NULL;
CREATE INDEX record_parent ON record (connection_id, stream, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE event (
    id             uuid NOT NULL,
    tenant_id      uuid NOT NULL,
    connection_id  uuid NOT NULL,
    record_id      uuid NOT NULL,
    seq            bigint NOT NULL,
    stream         text NOT NULL,
    external_id    text NOT NULL,
    type           text NOT NULL,
    origin         text NOT NULL,
    verdict        text NOT NULL CHECK (verdict IN ('applied', 'contested', 'rewound')),
    presence       text NOT NULL,
    status         text NOT NULL,
    modified_at    timestamptz,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    subject        bytea,
    hops           smallint NOT NULL DEFAULT 0,
    digest         bytea NOT NULL,
    body           bytea STORAGE EXTERNAL,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX event_record ON event (record_id, seq);

-- True transport keys (an Idempotency-Key, a vendor's unique event id).
CREATE TABLE arrival_key (
    connection_id  uuid NOT NULL,
    key            text NOT NULL,
    tenant_id      uuid NOT NULL,
    event_id       uuid NOT NULL,
    body_hash      bytea NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (connection_id, key)
);
CREATE INDEX arrival_key_expiry ON arrival_key (expires_at);

-- Entities that a fresh GET has to decide about; one row an entity, so that many rings are one GET.
CREATE TABLE doorbell (
    connection_id  uuid NOT NULL,
    stream         text NOT NULL,
    external_id    text NOT NULL,
    tenant_id      uuid NOT NULL,
    parent_id      text,
    reason         text NOT NULL,
    rung_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at         timestamptz NOT NULL DEFAULT now(),
    failures       integer NOT NULL DEFAULT 0,
    PRIMARY KEY (connection_id, stream, external_id)
) WITH (fillfactor = 70);
CREATE INDEX doorbell_due ON doorbell (due_at);

-- What came in, by verdict; flushed from memory every second.
CREATE TABLE arrival_tally (
    connection_id  uuid NOT NULL,
    tenant_id      uuid NOT NULL,
    day            date NOT NULL,
    stream         text NOT NULL,
    origin         text NOT NULL,
    verdict        text NOT NULL,
    count          bigint NOT NULL,
    PRIMARY KEY (connection_id, day, stream, origin, verdict)
) WITH (fillfactor = 70);

-- The pump row of one destination connection: lease and breaker.
CREATE TABLE lane (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL,
    owner          text,
    epoch          bigint NOT NULL DEFAULT 0,
    until          timestamptz,
    due_at         timestamptz,
    breaker        text NOT NULL DEFAULT 'closed' CHECK (breaker IN ('closed', 'open', 'half_open')),
    breaker_until  timestamptz,
    reason         text
) WITH (fillfactor = 70);
CREATE INDEX lane_due ON lane (due_at) WHERE due_at IS NOT NULL;

-- The live queue only; what has ended stands in delivery_done.
CREATE TABLE delivery (
    id                uuid PRIMARY KEY,
    tenant_id         uuid NOT NULL,
    lane_id           uuid NOT NULL,
    route_id          uuid NOT NULL,
    record_id         uuid NOT NULL,
    event_id          uuid NOT NULL,
    seq               bigint NOT NULL,
    occurrence        boolean NOT NULL,
    priority          smallint NOT NULL,
    head              boolean NOT NULL,
    state             text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'claimed', 'in_doubt')),
    due_at            timestamptz NOT NULL DEFAULT now(),
    created_at        timestamptz NOT NULL DEFAULT now(),
    attempt           integer NOT NULL DEFAULT 0,
    step              smallint NOT NULL DEFAULT 0,
    lane_epoch        bigint,
    call_deadline_at  timestamptz,
    reason            text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX delivery_head ON delivery (route_id, record_id) WHERE head;
CREATE INDEX delivery_due ON delivery (lane_id, priority, due_at) WHERE head AND state = 'waiting';
CREATE INDEX delivery_held ON delivery (lane_id) WHERE state <> 'waiting';
CREATE INDEX delivery_record ON delivery (record_id, route_id, seq);

CREATE TABLE delivery_done (
    id            uuid NOT NULL,
    tenant_id     uuid NOT NULL,
    lane_id       uuid NOT NULL,
    route_id      uuid NOT NULL,
    record_id     uuid NOT NULL,
    event_id      uuid NOT NULL,
    seq           bigint NOT NULL,
    state         text NOT NULL CHECK (state IN ('delivered', 'skipped', 'dead')),
    rule          text,
    reason        text,
    evidence      text,
    external_id   text,
    attempts      integer NOT NULL,
    created_at    timestamptz NOT NULL,
    ended_at      timestamptz NOT NULL DEFAULT now(),
    replayed      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX delivery_done_record ON delivery_done (record_id, route_id, seq);
CREATE INDEX delivery_done_dead ON delivery_done (tenant_id, lane_id) WHERE state = 'dead' AND NOT replayed;

CREATE TABLE attempt (
    id           uuid NOT NULL,
    tenant_id    uuid NOT NULL,
    delivery_id  uuid NOT NULL,
    lane_id      uuid NOT NULL,
    number       integer NOT NULL,
    step         text NOT NULL,
    outcome      text NOT NULL,
    code         text,
    reason       text,
    took_ms      integer NOT NULL,
    ended_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX attempt_delivery ON attempt (delivery_id);

-- Our name of a thing <-> its id at the destination.
CREATE TABLE link (
    connection_id  uuid NOT NULL,
    object         text NOT NULL,
    key            text NOT NULL,
    tenant_id      uuid NOT NULL,
    external_id    text NOT NULL,
    parent_key     text,
    lane_epoch     bigint NOT NULL,
    changed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, object, key)
) WITH (fillfactor = 90);
CREATE INDEX link_parent ON link (connection_id, parent_key) WHERE parent_key IS NOT NULL;

CREATE TABLE checkpoint (
    connection_id  uuid NOT NULL,
    stream         text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('pull', 'backfill', 'reconcile')),
    tenant_id      uuid NOT NULL,
    cursor         jsonb,
    next_at        timestamptz,
    changed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, stream, kind)
) WITH (fillfactor = 70);

CREATE TABLE run (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL,
    connection_id  uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('pull', 'backfill', 'reconcile')),
    streams        text[] NOT NULL,
    state          text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    owner          text,
    epoch          bigint NOT NULL DEFAULT 0,
    until          timestamptz,
    due_at         timestamptz NOT NULL DEFAULT now(),
    failures       integer NOT NULL DEFAULT 0,
    progress       jsonb NOT NULL DEFAULT '{}',
    result         jsonb,
    problem        text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    ended_at       timestamptz
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX run_single ON run (connection_id, kind) WHERE state IN ('queued', 'running');
CREATE INDEX run_due ON run (due_at) WHERE state IN ('queued', 'running');

CREATE TABLE audit_entry (
    id          uuid NOT NULL,
    tenant_id   uuid,
    actor       text NOT NULL,
    action      text NOT NULL,
    subject     text NOT NULL,
    detail      jsonb NOT NULL DEFAULT '{}',
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

-- Which keys a database needs to be read: shown before a restore, never a key itself.
CREATE TABLE vault_key (
    key_id      text PRIMARY KEY,
    check_value bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attname = 'tenant_id'
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY engine_all ON %I TO crossdock_engine USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY app_tenant ON %I TO crossdock_app '
            'USING (tenant_id = nullif(current_setting(''crossdock.tenant'', true), '''')::uuid) '
            'WITH CHECK (tenant_id = nullif(current_setting(''crossdock.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO crossdock_engine', name);
        EXECUTE format('GRANT SELECT ON %I TO crossdock_app', name);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON vault_key TO crossdock_engine;
GRANT INSERT, UPDATE, DELETE ON connection, credential, hook, route, mapping_version, run, delivery, api_key
    TO crossdock_app;
GRANT UPDATE ON delivery_done, lane TO crossdock_app;
GRANT INSERT ON lane, checkpoint, audit_entry, delivery_done TO crossdock_app;
