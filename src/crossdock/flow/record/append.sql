-- name: append
-- Events, the records they are the newest state of, and the deliveries; the count of records tells whether somebody
-- else came first. $1 is the commit's time. A record's row stands beside the event it takes its content from ("carries";
-- the events are sorted by record, so that two commits never wait for each other in a circle); a delivery names its event
-- by its place.
WITH e AS MATERIALIZED (
    SELECT * FROM unnest(
        $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::bytea[], $16::smallint[], $17::bytea[],
        $18::bytea[], $19::boolean[], $20::text[], $21::smallint[], $22::text[], $23::text[], $24::timestamptz[],
        $25::timestamptz[], $26::boolean[], $27::bytea[], $28::text[], $29::timestamptz[])
    AS e(id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin,
         verdict, presence, status, modified_at, subject, hops, digest,
         body, carries, parent_id, digest_version, r_presence, r_status, r_modified_at,
         r_made_at, r_contested, r_subject, r_code, r_seen_to)
), records AS (
    INSERT INTO record AS r (id, tenant_id, connection_id, stream, external_id, parent_id, seq, digest, digest_version,
                             presence, status, modified_at, made_at, seen_to, contested, subject, event_id, code)
    SELECT e.record_id, e.tenant_id, e.connection_id, e.stream, e.external_id, e.parent_id, e.seq, e.digest,
           e.digest_version, e.r_presence, e.r_status, e.r_modified_at, e.r_made_at, coalesce(e.r_seen_to, $1),
           e.r_contested, e.r_subject, e.id, e.r_code
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
    SELECT d.id, ($3::uuid[])[d.place], d.lane_id, d.route_id, ($5::uuid[])[d.place], ($2::uuid[])[d.place],
           ($6::bigint[])[d.place], d.occurrence, d.priority, d.head,
           CASE WHEN d.priority = 2 THEN now() + interval '0.5 s' ELSE now() END
    FROM unnest($30::int[], $31::uuid[], $32::uuid[], $33::uuid[], $34::boolean[], $35::smallint[], $36::boolean[])
         AS d(place, id, lane_id, route_id, occurrence, priority, head)
)
SELECT count(*) FROM records;
