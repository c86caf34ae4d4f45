-- name: newer
-- Of dead letters, what has become of a newer state of the same record on the same route. What has ended is read by days,
-- so each day is asked once for all records and not once for each.
WITH k AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS k(id, record_id, route_id)
), found AS MATERIALIZED (
    SELECT e.id, e.record_id, e.route_id, e.seq, e.state FROM delivery_done e
    WHERE e.tenant_id = $1 AND e.record_id = ANY($3::uuid[]) AND e.id > $5
), ended AS (
    SELECT DISTINCT ON (k.id) k.id, f.state
    FROM k JOIN found f ON f.record_id = k.record_id AND f.route_id = k.route_id AND f.id > k.id
    ORDER BY k.id, f.seq DESC, f.id DESC
)
SELECT k.id, (SELECT w.state FROM delivery w
              WHERE w.tenant_id = $1 AND w.record_id = k.record_id AND w.route_id = k.route_id
              ORDER BY w.seq DESC LIMIT 1) AS waits, ended.state AS ended
FROM k LEFT JOIN ended ON ended.id = k.id;
