-- name: append
-- Events, the records they are the newest state of, and the deliveries; the count of records tells whether somebody
-- else came first. $1 is the commit's time. A record's values stand beside those of the event it takes its content from
-- ("carries"; the events are sorted by record, so that two commits never wait for each other in a circle).
WITH e AS MATERIALIZED (
    SELECT * FROM unnest($2::commit_event[])
), records AS (
    INSERT INTO record AS r (id, tenant_id, connection_id, stream, external_id, parent_id, seq, digest, digest_version,
                             presence, status, modified_at, made_at, seen_to, contested, subject, event_id, code)
    SELECT e.record_id, e.tenant_id, e.connection_id, e.stream, e.external_id, e.parent_id, e.seq, e.digest,
           e.digest_version, e.record_presence, e.record_status, e.record_modified_at, e.made_at,
           coalesce(e.seen_to, $1), e.contested, e.record_subject, e.id, e.code
    FROM e WHERE e.carries
    ON CONFLICT (connection_id, stream, external_id) DO UPDATE
    SET parent_id = EXCLUDED.parent_id, seq = EXCLUDED.seq, digest = EXCLUDED.digest,
        digest_version = EXCLUDED.digest_version, presence = EXCLUDED.presence, status = EXCLUDED.status,
        modified_at = EXCLUDED.modified_at, made_at = EXCLUDED.made_at, seen_to = EXCLUDED.seen_to,
        contested = EXCLUDED.contested, subject = EXCLUDED.subject, event_id = EXCLUDED.event_id, code = EXCLUDED.code
    WHERE r.id = EXCLUDED.id
    RETURNING 1
), events AS (
    INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin, verdict,
                       presence, status, modified_at, recorded_at, subject, hops, digest, body)
    SELECT id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin, verdict,
           presence, status, modified_at, $1, subject, hops, digest, body
    FROM e
), deliveries AS (
    -- bulk lingers a little, so that a backfill goes out in full batches and spares the vendor's quota
    INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head, due_at)
    SELECT id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head,
           CASE WHEN priority = 2 THEN now() + interval '0.5 s' ELSE now() END
    FROM unnest($3::commit_delivery[])
)
SELECT count(*) FROM records;
