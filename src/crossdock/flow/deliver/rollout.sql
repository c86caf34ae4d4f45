-- name: rollout
SELECT config -> 'rollout' FROM connection WHERE id = $1 AND tenant_id = $2;

-- name: let_through
-- The canary's records, of those asked for: its members, and new ones until it is full. The lane's lease serialises it.
WITH fresh AS (
    INSERT INTO canary (connection_id, record_id, tenant_id)
    SELECT $1, k.record_id, $2
    FROM (SELECT w.record_id, row_number() OVER (ORDER BY w.record_id) AS place FROM unnest($3::uuid[]) AS w(record_id)
          WHERE NOT EXISTS (SELECT 1 FROM canary m WHERE m.connection_id = $1 AND m.record_id = w.record_id)) AS k
    WHERE k.place <= $4::integer - (SELECT count(*) FROM canary m WHERE m.connection_id = $1)
    ON CONFLICT DO NOTHING
    RETURNING record_id
)
SELECT record_id FROM fresh
UNION
SELECT m.record_id FROM canary m WHERE m.connection_id = $1 AND m.tenant_id = $2 AND m.record_id = ANY($3::uuid[]);
