-- Dead letters grouped by cause, and replays that are runs.

-- Why deliveries end dead: one row a cause. Holds codes, names of fields and rules, no value of any record.
CREATE TABLE dead_cause (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    id         uuid NOT NULL,
    connector  text NOT NULL,
    code       text NOT NULL,
    field      text NOT NULL,
    rule       text NOT NULL,
    -- The reason of the newest, redacted.
    reason     text NOT NULL,
    first_at   timestamptz NOT NULL DEFAULT now(),
    last_at    timestamptz NOT NULL DEFAULT now(),
    seen       bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);
SELECT guard_tenant_table('dead_cause');

ALTER TABLE delivery
    -- When it began to fail: it is tried over days from here, not from when it was made (a lane may stand for a week).
    ADD COLUMN failing_since    timestamptz,
    -- An earlier attempt may have taken effect: it is looked up before it is sent again.
    ADD COLUMN doubted          boolean NOT NULL DEFAULT false,
    -- Another version of the mapping than the route's, asked for by a replay.
    ADD COLUMN mapping_version  integer,
    ADD COLUMN replay_id        uuid;
CREATE INDEX delivery_route ON delivery (route_id, id);
CREATE INDEX delivery_replay ON delivery (replay_id) WHERE replay_id IS NOT NULL;

ALTER TABLE delivery_done
    ADD COLUMN cause_id         uuid,
    ADD COLUMN mapping_version  integer,
    ADD COLUMN replay_id        uuid;
-- Histories are read by route or by tenant, the newest first.
CREATE INDEX delivery_done_route ON delivery_done (route_id, state, id);
CREATE INDEX delivery_done_tenant ON delivery_done (tenant_id, state, id);
CREATE INDEX delivery_done_replay ON delivery_done (replay_id, state) WHERE replay_id IS NOT NULL;

-- What died before causes were kept has one of its own.
INSERT INTO dead_cause (tenant_id, id, connector, code, field, rule, reason, first_at, last_at, seen)
SELECT d.tenant_id, '00000000-0000-0000-0000-000000000001', '', 'before-causes', '', '',
       'it died before causes were kept; its own reason stands at the delivery', min(d.ended_at), max(d.ended_at), count(*)
FROM delivery_done d WHERE d.state = 'dead' GROUP BY d.tenant_id;
UPDATE delivery_done SET cause_id = '00000000-0000-0000-0000-000000000001' WHERE state = 'dead';
DROP INDEX delivery_done_dead;
CREATE INDEX delivery_done_dead ON delivery_done (tenant_id, cause_id, id) INCLUDE (lane_id, route_id, ended_at)
    WHERE state = 'dead' AND NOT replayed;

-- Of a failing attempt: what was asked (method, path, names of fields) and answered, redacted; JSON.
ALTER TABLE attempt ADD COLUMN detail text;

-- The breaker's memory between two slices, and between two processes.
ALTER TABLE lane
    -- The last outcomes, one bit each (1 failed), below a leading 1.
    ADD COLUMN breaker_seen   bigint NOT NULL DEFAULT 1,
    ADD COLUMN breaker_at     timestamptz,
    -- How often it opened in a row: each time it stays open longer.
    ADD COLUMN breaker_opened integer NOT NULL DEFAULT 0;

-- A replay: a run that delivers again. Its place moves in the transaction that queues, so a crash queues nothing twice.
CREATE TABLE replay (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    -- The caller's Idempotency-Key, and the hash of what was asked with it.
    key         text,
    asked_hash  bytea NOT NULL,
    asked       jsonb NOT NULL,
    actor       text NOT NULL,
    -- Nothing younger is taken: what the replay itself makes is no part of it.
    until_id    uuid NOT NULL,
    place       uuid NOT NULL,
    seen        bigint NOT NULL DEFAULT 0,
    queued      bigint NOT NULL DEFAULT 0,
    -- The findings of a dry run, without values of people.
    found       jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX replay_key ON replay (tenant_id, key) WHERE key IS NOT NULL;
CREATE INDEX replay_listed ON replay (tenant_id, id);
SELECT guard_tenant_table('replay');

-- Any number of replays of one connection may wait or run; of all else one.
ALTER TABLE run DROP CONSTRAINT run_kind_check;
ALTER TABLE run ADD CONSTRAINT run_kind_check
    CHECK (kind IN ('pull', 'backfill', 'reconcile', 'stock_push', 'import', 'replay'));
DROP INDEX run_single;
CREATE UNIQUE INDEX run_single ON run (connection_id, kind)
    WHERE state IN ('waiting', 'running') AND kind <> 'replay';
