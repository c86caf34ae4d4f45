-- name: take_notice
-- The oldest of a channel that is due: what is told of an alert arrives in order.
UPDATE alert_notice SET owner = $1, until = now() + $2::interval, attempt = alert_notice.attempt + 1
WHERE alert_notice.id = (
    SELECT n.id FROM alert_notice n JOIN alert_channel c ON c.id = n.channel_id
    WHERE n.state = 'waiting' AND n.due_at <= now() AND (n.until IS NULL OR n.until < now()) AND c.enabled
      AND NOT EXISTS (SELECT 1 FROM alert_notice o
                      WHERE o.channel_id = n.channel_id AND o.state = 'waiting' AND o.id < n.id)
    ORDER BY n.due_at LIMIT 1
    FOR UPDATE OF n SKIP LOCKED)
RETURNING id, tenant_id, channel_id, topic, document, attempt, created_at;

-- name: sent
UPDATE alert_notice SET state = 'sent', ended_at = now(), owner = NULL, until = NULL, problem = NULL
WHERE id = $1 AND owner = $2 AND attempt = $3 AND state = 'waiting' RETURNING channel_id;

-- name: not_sent
UPDATE alert_notice SET due_at = now() + $4::interval, owner = NULL, until = NULL, problem = $5,
                        state = CASE WHEN $6::boolean THEN 'dead' ELSE state END,
                        ended_at = CASE WHEN $6::boolean THEN now() END
WHERE id = $1 AND owner = $2 AND attempt = $3 AND state = 'waiting' RETURNING channel_id;

-- name: channel_works
UPDATE alert_channel SET failing_since = NULL, problem = nullif($2, ''), sent_at = now() WHERE id = $1;

-- name: channel_fails
UPDATE alert_channel SET failing_since = coalesce(failing_since, now()), problem = $2 WHERE id = $1;

-- name: channel_for_send
SELECT id, tenant_id, name, kind, config, sealed FROM alert_channel WHERE tenant_id = $1 AND id = $2;

-- name: hurry
-- A channel that works again: what waits for it need not wait for its own time.
UPDATE alert_notice SET due_at = now() WHERE channel_id = $1 AND state = 'waiting' AND due_at > now();

-- name: list_channels
SELECT id, name, kind, enabled, config, least, kinds, report, failing_since, problem, sent_at, changed_at,
       (SELECT count(*) FROM alert_notice n WHERE n.channel_id = c.id AND n.state = 'waiting') AS waiting
FROM alert_channel c WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::text IS NULL OR name = $3)
ORDER BY name;

-- name: add_channel
INSERT INTO alert_channel (id, tenant_id, name, kind, enabled, config, least, kinds, report, key_id, sealed)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11)
ON CONFLICT (tenant_id, name) DO NOTHING RETURNING id;

-- name: channel_for_change
SELECT id, name, kind, enabled, config, least, kinds, report, key_id, sealed FROM alert_channel
WHERE tenant_id = $1 AND id = $2 FOR UPDATE;

-- name: change_channel
UPDATE alert_channel
SET name = $3, enabled = $4, config = $5::jsonb, least = $6, kinds = $7, report = $8, key_id = $9, sealed = $10,
    changed_at = now()
WHERE tenant_id = $1 AND id = $2;

-- name: drop_channel
DELETE FROM alert_channel WHERE tenant_id = $1 AND id = $2 RETURNING name;

-- name: list_notices
SELECT id, topic, state, due_at, attempt, problem, created_at, ended_at
FROM alert_notice WHERE tenant_id = $1 AND channel_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4;
