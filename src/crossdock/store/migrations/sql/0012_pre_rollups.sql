-- A day's counts, latencies and requests of each connection, route and outcome; the queue's depth as it was measured;
-- and the notices by which every process drops what it remembers.

-- What has happened, not yet added up: one row a statement, connection, route and outcome, written by the very statement
-- that ends deliveries or notes attempts. Rows are only inserted, so writers never wait for each other.
CREATE TABLE rollup_delta (
    tenant_id      uuid NOT NULL,
    connection_id  uuid NOT NULL,
    route_id       uuid,
    kind           text NOT NULL CHECK (kind IN ('delivery', 'attempt', 'request')),
    outcome        text NOT NULL,
    hour           timestamptz NOT NULL,
    count          bigint NOT NULL,
    -- The latencies' buckets, one element each; none where nothing is timed.
    buckets        smallint[] NOT NULL DEFAULT '{}',
    last_at        timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
SELECT guard_tenant_table('rollup_delta');
-- What the pages' role ends (discarded by a person) is counted as well.
GRANT INSERT ON rollup_delta TO crossdock_app;

-- Added up. 'hour' rows are kept for a week, 'day' rows (UTC) for two years. Route 0 stands for none.
CREATE TABLE rollup (
    tenant_id      uuid NOT NULL,
    connection_id  uuid NOT NULL,
    span           text NOT NULL CHECK (span IN ('hour', 'day')),
    at             timestamptz NOT NULL,
    route_id       uuid NOT NULL,
    kind           text NOT NULL,
    outcome        text NOT NULL,
    count          bigint NOT NULL,
    -- How many fell into bucket 0, 1, 2 …: bucket i ends at 1.1^i ms, so that a percentile is wrong by 4.8 % at most.
    sketch         bigint[] NOT NULL,
    last_at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, span, at, route_id, kind, outcome)
) WITH (fillfactor = 70);
CREATE INDEX rollup_listed ON rollup (tenant_id, span, at);
CREATE INDEX rollup_expiry ON rollup (span, at);
SELECT guard_tenant_table('rollup');

CREATE FUNCTION latency_bucket(ms double precision) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN ms <= 1 THEN 0 ELSE least(250, ceil(ln(ms) / 0.09531017980432493)) END::smallint
$$;

-- A sketch of bucket numbers and how often each was seen.
CREATE FUNCTION sketch_of(buckets smallint[], counts bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(coalesce(k.n, 0) ORDER BY i), '{}')
    FROM generate_series(0, (SELECT max(b) FROM unnest(buckets) AS b)) AS i
    LEFT JOIN unnest(buckets, counts) AS k(bucket, n) ON k.bucket = i
$$;

CREATE FUNCTION sketch_sum(one bigint[], other bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY i), '{}')
    FROM unnest(one, other) WITH ORDINALITY AS k(a, b, i)
$$;

CREATE FUNCTION count_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_delta (tenant_id, connection_id, route_id, kind, outcome, hour, count, buckets, last_at)
    SELECT a.tenant_id, a.lane_id, a.route_id, 'delivery',
           CASE WHEN a.state = 'skipped' THEN 'skipped:' || coalesce(a.rule, '') ELSE a.state END,
           date_trunc('hour', a.ended_at, 'UTC'), count(*),
           coalesce(array_agg(latency_bucket(extract(epoch FROM a.ended_at - a.created_at)::float8 * 1000))
                    FILTER (WHERE a.state = 'delivered'), '{}'),
           max(a.ended_at)
    FROM added a
    GROUP BY a.tenant_id, a.lane_id, a.route_id, 5, 6;
    RETURN NULL;
END
$$;
CREATE TRIGGER count_deliveries AFTER INSERT ON delivery_done REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_deliveries();

CREATE FUNCTION count_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_delta (tenant_id, connection_id, route_id, kind, outcome, hour, count, buckets, last_at)
    SELECT a.tenant_id, a.lane_id, NULL, 'attempt', a.outcome, date_trunc('hour', a.ended_at, 'UTC'), count(*),
           coalesce(array_agg(latency_bucket(a.took_ms)) FILTER (WHERE a.outcome <> 'skipped'), '{}'), max(a.ended_at)
    FROM added a
    GROUP BY a.tenant_id, a.lane_id, a.outcome, 6;
    RETURN NULL;
END
$$;
CREATE TRIGGER count_attempts AFTER INSERT ON attempt REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_attempts();

-- What cannot be counted at every question: one row a connection, made by one process for all.
CREATE TABLE connection_gauge (
    connection_id  uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL,
    -- The live queue and the open dead letters, as they were when they were last counted (round 'count_queue').
    depth          bigint NOT NULL DEFAULT 0,
    oldest_at      timestamptz,
    dead_letters   bigint NOT NULL DEFAULT 0,
    -- The hour under way and the one before it.
    tries          bigint NOT NULL DEFAULT 0,
    failures       bigint NOT NULL DEFAULT 0,
    delivered      bigint NOT NULL DEFAULT 0,
    dead           bigint NOT NULL DEFAULT 0,
    requests       bigint NOT NULL DEFAULT 0,
    -- Of deliveries, from recording to the end.
    p50_bucket     integer,
    p95_bucket     integer,
    p99_bucket     integer,
    -- Calls since 00:00 UTC.
    requests_today bigint NOT NULL DEFAULT 0,
    delivered_at   timestamptz
) WITH (fillfactor = 50);
CREATE INDEX connection_gauge_tenant ON connection_gauge (tenant_id);
SELECT guard_tenant_table('connection_gauge');

-- Rounds that one process does for all: when each comes again, and when it was last done.
CREATE TABLE round (
    name     text PRIMARY KEY,
    done_at  timestamptz,
    due_at   timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO round (name) VALUES ('add'), ('rate'), ('count_queue');
GRANT SELECT, UPDATE ON round TO crossdock_engine;
GRANT SELECT ON round TO crossdock_app;

-- Every process remembers connections, secrets and routes until it hears of a change. These triggers tell of it inside the
-- transaction that makes it, whoever makes it.
CREATE FUNCTION tell_caches(kind text, id uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify('crossdock_cache', kind || ':' || id)
$$;

CREATE FUNCTION connection_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_caches('connection', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_caches_changed AFTER UPDATE ON connection FOR EACH ROW
    -- one comparison and not eight: their brackets would come back otherwise from a dump
    WHEN (jsonb_build_array(OLD.connector, OLD.name, OLD.state, OLD.account_uid,
                            OLD.config, OLD.account, OLD.route_epoch, OLD.writes_stopped)
          IS DISTINCT FROM
          jsonb_build_array(NEW.connector, NEW.name, NEW.state, NEW.account_uid,
                            NEW.config, NEW.account, NEW.route_epoch, NEW.writes_stopped))
    EXECUTE FUNCTION connection_changed();
CREATE TRIGGER tell_caches AFTER INSERT OR DELETE ON connection FOR EACH ROW EXECUTE FUNCTION connection_changed();

CREATE FUNCTION credential_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_caches('connection', coalesce(NEW.connection_id, OLD.connection_id));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_caches AFTER INSERT OR UPDATE OR DELETE ON credential FOR EACH ROW
    EXECUTE FUNCTION credential_changed();

CREATE FUNCTION route_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_caches('route', coalesce(NEW.id, OLD.id));
    PERFORM tell_caches('routes', coalesce(NEW.source_id, OLD.source_id));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_caches AFTER INSERT OR UPDATE OR DELETE ON route FOR EACH ROW EXECUTE FUNCTION route_changed();

CREATE FUNCTION mapping_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_caches('route', coalesce(NEW.route_id, OLD.route_id));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_caches AFTER INSERT OR UPDATE OR DELETE ON mapping_version FOR EACH ROW
    EXECUTE FUNCTION mapping_changed();

CREATE FUNCTION key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_caches('key', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_caches AFTER INSERT OR UPDATE OR DELETE ON api_key FOR EACH ROW EXECUTE FUNCTION key_changed();

-- How all of a tenant's connections do is read by the tenant.
CREATE INDEX checkpoint_tenant ON checkpoint (tenant_id);
CREATE INDEX hook_tenant ON hook (tenant_id);
CREATE INDEX arrival_tally_tenant ON arrival_tally (tenant_id, day);
