-- Alerts, their rules and channels, checks of connections, and fallbacks.

-- Work that one process at a time does for all: who holds it, until when, and when it is due again. No tenant's data.
CREATE TABLE chore (
    name     text PRIMARY KEY,
    owner    text,
    epoch    bigint NOT NULL DEFAULT 0,
    until    timestamptz,
    next_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
INSERT INTO chore (name) VALUES ('alerts'), ('health'), ('checks'), ('fallback');
GRANT SELECT, INSERT, UPDATE ON chore TO crossdock_engine;

-- What differs from the rules that hold by default; without a connection it is for all of the tenant's.
CREATE TABLE alert_rule (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    kind           text NOT NULL,
    connection_id  uuid REFERENCES connection ON DELETE CASCADE,
    enabled        boolean NOT NULL DEFAULT true,
    severity       text CHECK (severity IN ('error', 'warning')),
    settings       jsonb NOT NULL DEFAULT '{}',
    changed_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX alert_rule_once ON alert_rule (tenant_id, kind, connection_id) NULLS NOT DISTINCT;

-- One open alert a kind and subject. No personal data: names of connections, counts, causes in our own words.
CREATE TABLE alert (
    id               uuid PRIMARY KEY,
    tenant_id        uuid NOT NULL REFERENCES tenant,
    kind             text NOT NULL,
    subject          text NOT NULL,
    connection_id    uuid REFERENCES connection ON DELETE CASCADE,
    severity         text NOT NULL CHECK (severity IN ('error', 'warning')),
    title            text NOT NULL,
    cause            text NOT NULL,
    remedy           text NOT NULL,
    command          text NOT NULL,
    link             text NOT NULL,
    count            bigint NOT NULL DEFAULT 1,
    told_count       bigint NOT NULL DEFAULT 1,
    since            timestamptz NOT NULL,
    raised_at        timestamptz NOT NULL,
    seen_at          timestamptz NOT NULL,
    calm_since       timestamptz,
    relapses         integer NOT NULL DEFAULT 0,
    reminders        integer NOT NULL DEFAULT 0,
    remind_at        timestamptz NOT NULL,
    acknowledged_at  timestamptz,
    acknowledged_by  text,
    ended_at         timestamptz
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX alert_open ON alert (tenant_id, kind, subject) WHERE ended_at IS NULL;
CREATE INDEX alert_standing ON alert (tenant_id, id) WHERE ended_at IS NULL;
CREATE INDEX alert_listed ON alert (tenant_id, id);
CREATE INDEX alert_last ON alert (ended_at) WHERE ended_at IS NOT NULL;

-- Where alerts go. Passwords and secret addresses are sealed and bound to the row.
CREATE TABLE alert_channel (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    name           text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('email', 'webhook', 'slack')),
    enabled        boolean NOT NULL DEFAULT true,
    config         jsonb NOT NULL,
    least          text NOT NULL DEFAULT 'warning' CHECK (least IN ('error', 'warning')),
    kinds          text[] NOT NULL DEFAULT '{}',
    report         boolean NOT NULL DEFAULT true,
    key_id         text NOT NULL,
    sealed         bytea NOT NULL,
    failing_since  timestamptz,
    problem        text,
    sent_at        timestamptz,
    changed_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, name)
);

-- What is to be said on a channel: written with the change it speaks of, sent at least once, under one message id.
CREATE TABLE alert_notice (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    channel_id  uuid NOT NULL REFERENCES alert_channel ON DELETE CASCADE,
    topic       text NOT NULL CHECK (topic IN ('alerts', 'report', 'test')),
    document    jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
    due_at      timestamptz NOT NULL DEFAULT now(),
    attempt     integer NOT NULL DEFAULT 0,
    owner       text,
    until       timestamptz,
    problem     text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
) WITH (fillfactor = 70);
CREATE INDEX alert_notice_due ON alert_notice (due_at) WHERE state = 'waiting';
CREATE INDEX alert_notice_queue ON alert_notice (channel_id, id) WHERE state = 'waiting';
CREATE INDEX alert_notice_channel ON alert_notice (channel_id, id);
CREATE INDEX alert_notice_ended ON alert_notice (ended_at) WHERE ended_at IS NOT NULL;

-- The health report of a tenant's day: made once, whoever makes it.
CREATE TABLE health_report (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    day        date NOT NULL,
    document   jsonb NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, day)
);

-- The hourly check of connections that nothing else looks at.
CREATE TABLE connection_check (
    connection_id  uuid PRIMARY KEY REFERENCES connection ON DELETE CASCADE,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    next_at        timestamptz NOT NULL,
    owner          text,
    epoch          bigint NOT NULL DEFAULT 0,
    until          timestamptz,
    checked_at     timestamptz,
    ok             boolean,
    misses         integer NOT NULL DEFAULT 0,
    code           text,
    problem        text,
    requests       bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX connection_check_due ON connection_check (next_at);

-- How often something new comes from a store, so that silence is judged by its own pace.
CREATE TABLE store_rhythm (
    connection_id  uuid PRIMARY KEY REFERENCES connection ON DELETE CASCADE,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    heard_at       timestamptz,
    -- what the tallies of two days added up to when it was last heard, and of which days
    day            date NOT NULL,
    heard          bigint NOT NULL,
    -- the longest pauses of the last four weeks: seconds, and when each ended
    pauses         integer[] NOT NULL DEFAULT '{}',
    paused_to      timestamptz[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 70);

-- How the last minutes of a lane went: deliveries by how late they were (bucket -1: calls that failed).
CREATE TABLE lane_pace (
    lane_id    uuid NOT NULL,
    tenant_id  uuid NOT NULL,
    minute     timestamptz NOT NULL,
    bucket     smallint NOT NULL,
    count      bigint NOT NULL,
    PRIMARY KEY (lane_id, minute, bucket)
) WITH (fillfactor = 70);
CREATE INDEX lane_pace_old ON lane_pace (minute);

SELECT guard_tenant_table('alert_rule', true);
SELECT guard_tenant_table('alert', true);
SELECT guard_tenant_table('alert_channel', true);
SELECT guard_tenant_table('alert_notice', true);
SELECT guard_tenant_table('health_report');
SELECT guard_tenant_table('connection_check');
SELECT guard_tenant_table('store_rhythm');
SELECT guard_tenant_table('lane_pace');

-- Since when a connection is in its state and a lane's breaker not closed: whoever writes the state.
ALTER TABLE connection ADD COLUMN state_since timestamptz NOT NULL DEFAULT now();
ALTER TABLE lane ADD COLUMN breaker_since timestamptz;
CREATE FUNCTION note_state_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.state_since := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER connection_state_since BEFORE UPDATE OF state ON connection
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION note_state_since();
CREATE FUNCTION note_breaker_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.breaker_since := CASE WHEN NEW.breaker <> 'closed' THEN now() END;
    RETURN NEW;
END
$$;
CREATE TRIGGER lane_breaker_since BEFORE UPDATE OF breaker ON lane
    FOR EACH ROW WHEN ((OLD.breaker = 'closed') <> (NEW.breaker = 'closed')) EXECUTE FUNCTION note_breaker_since();

-- What rules count, by index alone: it is rare, so that the path of most deliveries pays nothing.
CREATE INDEX delivery_done_dead_at ON delivery_done (lane_id, ended_at) WHERE state = 'dead' AND NOT replayed;
CREATE INDEX proof_newest ON proof (connection_id, id);
CREATE INDEX sku_link_suspended ON sku_link (connection_id) WHERE suspended_at IS NOT NULL AND active;

-- A critical route's second destination, used when the first has not taken anything for a while.
ALTER TABLE route ADD COLUMN critical boolean NOT NULL DEFAULT false;
ALTER TABLE route ADD COLUMN fallback_id uuid REFERENCES connection;
ALTER TABLE route ADD COLUMN fallback_action text;
ALTER TABLE route ADD COLUMN fallback_after_s integer NOT NULL DEFAULT 300 CHECK (fallback_after_s >= 0);
CREATE INDEX route_fallback ON route (destination_id) WHERE fallback_id IS NOT NULL AND enabled;
-- It may have been done by a call whose end nobody saw: only the destination that got the call may take it again.
ALTER TABLE delivery ADD COLUMN IF NOT EXISTS doubted boolean NOT NULL DEFAULT false;
