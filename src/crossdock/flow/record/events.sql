-- Events as people look for them. Events lie in partitions by the day inside their id: a page is read day by day, along
-- the index of the tenant's feed, from the newest day that has any.

-- name: days
-- The days on which anything was recorded, the newest first. $4, $5: of one connection, one stream.
SELECT DISTINCT t.day FROM arrival_tally t
WHERE t.tenant_id = $1 AND t.day <= $2 AND t.day >= $3 AND t.verdict IN ('applied', 'contested', 'rewound')
  AND ($4::uuid IS NULL OR t.connection_id = $4) AND ($5::text IS NULL OR t.stream = $5)
ORDER BY t.day DESC LIMIT $6;

-- name: place
SELECT e.era, e.xid::text AS xid, e.id FROM event e WHERE e.tenant_id = $1 AND e.id = $2;

-- name: of_day
-- What fits among the next so many of a day ($5 to $6), below a place in the feed. `low` is where the look ended.
WITH looked AS MATERIALIZED (
    SELECT e.id, e.connection_id, e.stream, e.type, e.origin, e.era, e.xid FROM event e
    WHERE e.tenant_id = $1 AND (e.era, e.xid, e.id) < ($2::smallint, $3::text::xid8, $4::uuid)
      AND e.id >= $5 AND e.id < $6
    ORDER BY e.era DESC, e.xid DESC, e.id DESC LIMIT $7
), fit AS (
    SELECT l.id, l.era, l.xid FROM looked l
    WHERE ($9::uuid IS NULL OR l.connection_id = $9) AND ($10::text IS NULL OR l.stream = $10)
      AND ($11::text IS NULL OR l.type = $11) AND ($12::text IS NULL OR l.origin = $12)
    ORDER BY l.era DESC, l.xid DESC, l.id DESC LIMIT $8
)
SELECT ARRAY(SELECT f.id FROM fit f ORDER BY f.era DESC, f.xid DESC, f.id DESC) AS ids,
       (SELECT l.id FROM looked l ORDER BY l.era, l.xid, l.id LIMIT 1) AS low, (SELECT count(*) FROM looked) AS looked;

-- name: records
-- Records by the source's id or by what people call them.
SELECT r.id FROM connection c CROSS JOIN unnest($3::text[]) AS s(stream)
     JOIN record r ON r.connection_id = c.id AND r.stream = s.stream AND r.external_id = $2
WHERE c.tenant_id = $1 AND r.tenant_id = $1 AND ($4::uuid IS NULL OR c.id = $4)
UNION
SELECT r.id FROM unnest($3::text[]) AS s(stream)
     JOIN record r ON r.tenant_id = $1 AND r.stream = s.stream AND r.code = $2 AND r.code <> ''
WHERE $4::uuid IS NULL OR r.connection_id = $4
LIMIT 50;

-- name: streams
SELECT DISTINCT t.stream FROM arrival_tally t WHERE t.tenant_id = $1 ORDER BY t.stream;

-- name: of_records
SELECT e.id FROM unnest($2::uuid[]) AS k(id), LATERAL (
    SELECT l.id, l.type, l.origin FROM event l
    WHERE l.record_id = k.id AND l.tenant_id = $1 AND l.id < $3 AND l.id >= $4
      AND ($6::text IS NULL OR l.type = $6) AND ($7::text IS NULL OR l.origin = $7)
    ORDER BY l.seq DESC, l.id DESC LIMIT $5) AS e
ORDER BY e.id DESC LIMIT $5;

-- name: show
SELECT e.id, e.type, e.stream, e.external_id, e.record_id, e.origin, e.verdict, e.presence, e.status, e.seq,
       e.modified_at, e.recorded_at, e.connection_id, c.name AS connection, c.connector, r.code
FROM unnest($2::uuid[]) AS k(id),
     LATERAL (SELECT * FROM event l WHERE l.id = k.id AND l.id >= $3 AND l.id <= $4 OFFSET 0) AS e
     JOIN connection c ON c.id = e.connection_id LEFT JOIN record r ON r.id = e.record_id
WHERE e.tenant_id = $1;

-- name: ends
-- What became of events: their deliveries, live or ended, made within $4 and $5.
SELECT d.event_id, d.state, NULL::text AS rule, d.attempt AS attempts, false AS replayed, c.name AS destination
FROM delivery d JOIN connection c ON c.id = d.lane_id
WHERE d.tenant_id = $1 AND d.record_id = ANY($2::uuid[]) AND d.event_id = ANY($3::uuid[])
UNION ALL
SELECT d.event_id, d.state, d.rule, d.attempts, d.replayed, c.name
FROM delivery_done d JOIN connection c ON c.id = d.lane_id
WHERE d.tenant_id = $1 AND d.record_id = ANY($2::uuid[]) AND d.event_id = ANY($3::uuid[]) AND d.id >= $4 AND d.id < $5;

-- name: one
SELECT e.id, e.type, e.stream, e.external_id, e.record_id, e.origin, e.verdict, e.presence, e.status, e.seq, e.hops,
       e.modified_at, e.recorded_at, e.connection_id, e.body, c.name AS connection, c.connector, c.account_uid,
       r.code, r.parent_id, r.seq AS newest_seq, r.event_id AS newest_id
FROM event e JOIN connection c ON c.id = e.connection_id LEFT JOIN record r ON r.id = e.record_id
WHERE e.tenant_id = $1 AND e.id = $2;

-- name: beside
-- The states of the record before and after an event; $4 to $6 are bounds of their ids.
(SELECT e.id, e.type, e.stream, e.external_id, e.presence, e.status, e.seq, e.modified_at, e.recorded_at, e.body, true AS earlier
 FROM event e WHERE e.tenant_id = $1 AND e.record_id = $2 AND e.seq < $3 AND e.id >= $4 AND $3 > 1
 ORDER BY e.seq DESC, e.id DESC LIMIT 1)
UNION ALL
(SELECT e.id, e.type, e.stream, e.external_id, e.presence, e.status, e.seq, e.modified_at, e.recorded_at, NULL, false
 FROM event e WHERE e.tenant_id = $1 AND e.record_id = $2 AND e.seq > $3 AND e.id >= $5 AND e.id < $6
 ORDER BY e.seq, e.id LIMIT 1);
