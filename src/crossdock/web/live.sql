-- name: newest
-- One value a topic that differs when the topic changed. Each is found at the end of an index; of what is kept by days only
-- those since $2 (an id) are opened.
SELECT (SELECT (e.era, e.xid::text, e.id)::text FROM event e WHERE e.tenant_id = $1 AND e.id >= $2
        ORDER BY e.era DESC, e.xid DESC, e.id DESC LIMIT 1) AS events,
       (SELECT md5(string_agg(newest, ',')) FROM (
            SELECT (SELECT d.id::text FROM delivery_done d WHERE d.tenant_id = $1 AND d.state = s.state AND d.id >= $2
                    ORDER BY d.id DESC LIMIT 1) AS newest
            FROM unnest(ARRAY['delivered', 'skipped', 'dead']) AS s(state)) AS ended) AS deliveries,
       (SELECT md5(string_agg(r.id::text || r.state || r.progress::text, ',')) FROM (
            SELECT id, state, progress FROM run WHERE tenant_id = $1 ORDER BY id DESC LIMIT 20) AS r) AS runs,
       (SELECT md5(string_agg(a.id::text, ',')) FROM alert a WHERE a.tenant_id = $1 AND a.ended_at IS NULL) AS alerts,
       (SELECT md5(string_agg(c.id::text || c.state || coalesce(c.problem, ''), ',' ORDER BY c.id))
        FROM connection c WHERE c.tenant_id = $1) AS connections,
       (SELECT p.id::text FROM proof p WHERE p.tenant_id = $1 ORDER BY p.id DESC LIMIT 1) AS proofs;

-- name: counts
-- What stands beside the entries of the sidebar, counted no further than $2.
SELECT (SELECT count(*) FROM (SELECT FROM delivery_done d WHERE d.tenant_id = $1 AND d.state = 'dead' AND NOT d.replayed
        LIMIT $2) AS dead) AS dead,
       (SELECT count(*) FROM connection c WHERE c.tenant_id = $1 AND c.state = 'broken') AS broken,
       (SELECT count(*) FROM alert a WHERE a.tenant_id = $1 AND a.ended_at IS NULL) AS alerts;
