-- name: live
SELECT d.id, d.state, e.type, e.external_id FROM delivery d JOIN event e ON e.id = d.event_id
WHERE d.tenant_id = $1 ORDER BY d.id LIMIT 20;

-- name: unexplained
-- An end that says too little: delivered without evidence, skipped by no rule, dead for no reason.
SELECT id, state, rule, reason, evidence, external_id FROM delivery_done
WHERE tenant_id = $1
  AND NOT (state = 'delivered' AND (evidence = 'id' AND external_id IS NOT NULL OR evidence = 'accepted')
           OR state = 'skipped' AND rule IS NOT NULL
           OR state = 'dead' AND coalesce(reason, '') <> '')
ORDER BY id LIMIT 20;

-- name: dead
-- A letter that was sent again is over: the delivery that was made of it is judged.
SELECT d.id, d.reason, e.type, e.external_id FROM delivery_done d JOIN event e ON e.id = d.event_id
WHERE d.tenant_id = $1 AND d.state = 'dead' AND NOT d.replayed ORDER BY d.id LIMIT 20;

-- name: endless
-- Routed events without any delivery, live or ended: acknowledged and forgotten.
SELECT e.id, e.type, e.external_id, r.action
FROM event e JOIN route r ON r.source_id = e.connection_id AND r.tenant_id = e.tenant_id
WHERE e.tenant_id = $1 AND r.enabled AND e.verdict = 'applied' AND (r.stream = e.stream OR r.stream = '*')
  AND (cardinality(r.types) = 0 OR e.type = ANY(r.types))
  AND e.id > $2
  AND NOT (r.stream = '*' AND e.stream = 'test' AND e.origin = 'plugin')  -- a site's sample
  AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.id AND d.route_id = r.id)
  AND NOT EXISTS (SELECT 1 FROM delivery_done d WHERE d.event_id = e.id AND d.route_id = r.id)
ORDER BY e.id LIMIT 20;

-- name: disorder
-- Effects of one record on one route, by the time they ended, have to come in the record's own sequence.
SELECT route_id, record_id, seq, before
FROM (SELECT route_id, record_id, seq, max(seq) OVER (PARTITION BY route_id, record_id ORDER BY ended_at, seq
                                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
      FROM delivery_done WHERE tenant_id = $1 AND state = 'delivered') AS told
WHERE seq < before LIMIT 20;

-- name: unintended
-- Writes to a system that is read from as well, made without an intent: their echo would pass for news.
SELECT d.id, r.action, e.external_id
FROM delivery_done d JOIN route r ON r.id = d.route_id JOIN event e ON e.id = d.event_id
WHERE d.tenant_id = $1 AND d.state = 'delivered' AND r.action IN ('set_status', 'refund')
  AND NOT EXISTS (SELECT 1 FROM write_intent i WHERE i.delivery_id = d.id)
ORDER BY d.id LIMIT 20;

-- name: outcomes
SELECT state, coalesce(rule, evidence, '') AS how, count(*) AS n FROM delivery_done WHERE tenant_id = $1
GROUP BY 1, 2 ORDER BY 1, 2;
