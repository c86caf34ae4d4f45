-- name: newer
-- Of dead letters, what has become of a newer state of the same record on the same route.
SELECT k.id, (SELECT w.state FROM delivery w
              WHERE w.tenant_id = $1 AND w.record_id = k.record_id AND w.route_id = k.route_id
              ORDER BY w.seq DESC LIMIT 1) AS waits,
       (SELECT e.state FROM delivery_done e
        WHERE e.tenant_id = $1 AND e.record_id = k.record_id AND e.route_id = k.route_id AND e.id > k.id AND e.id > $5
        ORDER BY e.seq DESC, e.id DESC LIMIT 1) AS ended
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS k(id, record_id, route_id);
