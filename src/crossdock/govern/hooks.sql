-- name: add_hook
INSERT INTO hook (id, tenant_id, connection_id, topic, vendor_id, url) VALUES ($1, $2, $3, $4, $5, $6);

-- name: drop_hook
DELETE FROM hook WHERE connection_id = $1 AND vendor_id = $2;

-- name: moved
UPDATE hook SET url = $3, failed = 0, refused = 0 WHERE connection_id = $1 AND vendor_id = $2;

-- name: counted
UPDATE hook SET failed = 0, refused = 0 WHERE connection_id = $1 AND vendor_id = $2;

-- name: secret
SELECT sealed FROM credential WHERE connection_id = $1 AND name = $2;

-- name: put_secret
INSERT INTO credential AS c (id, tenant_id, connection_id, name, key_id, sealed)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (connection_id, name) DO UPDATE
SET id = EXCLUDED.id, key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, generation = c.generation + 1,
    changed_at = now();

-- name: drop_secret
DELETE FROM credential WHERE connection_id = $1 AND name = $2;

-- name: forget_old
DELETE FROM credential WHERE name LIKE $1 AND changed_at < now() - $2::interval RETURNING id;

-- name: known_hooks
SELECT topic, vendor_id, url, heard_at, failed, refused, refused_at FROM hook
WHERE tenant_id = $1 AND connection_id = $2 ORDER BY topic;

-- name: removed_topics
-- Topics a person does not want any more ($3), or wants again ($4).
UPDATE connection c
SET config = jsonb_set(c.config, '{webhooks_removed}', coalesce((
        SELECT jsonb_agg(DISTINCT t.topic ORDER BY t.topic)
        FROM (SELECT jsonb_array_elements_text(coalesce(c.config -> 'webhooks_removed', '[]')) AS topic
              UNION SELECT unnest($3::text[])) AS t
        WHERE NOT (t.topic = ANY($4::text[]))), '[]')),
    changed_at = now()
WHERE c.tenant_id = $1 AND c.id = $2;
