-- name: waiting_chains
-- One probe of the index a chain, however much waits.
WITH RECURSIVE chains AS (
    (SELECT tenant_id FROM audit_waiting ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT w.tenant_id FROM audit_waiting w WHERE w.tenant_id > c.tenant_id ORDER BY w.tenant_id LIMIT 1)
    FROM chains c WHERE c.tenant_id IS NOT NULL
)
SELECT tenant_id FROM chains WHERE tenant_id IS NOT NULL;

-- name: waiting
SELECT count(*) AS entries FROM (SELECT FROM audit_waiting LIMIT 100000) w;

-- name: start
SELECT max(former_until) AS former_until FROM audit_start;

-- name: begin_head
INSERT INTO audit_head (tenant_id, cut_seq, cut_hash, seq, hash, former_until, at, mark)
VALUES ($1, 0, $2, 0, $2, $3, $4, $5)
ON CONFLICT (tenant_id) DO NOTHING
RETURNING tenant_id;

-- name: head_there
SELECT tenant_id, cut_seq, cut_hash, seq, hash, former_until, at, mark FROM audit_head WHERE tenant_id = $1;

-- name: head
-- Who does not get it leaves the chain to the one who has it.
SELECT tenant_id, cut_seq, cut_hash, seq, hash, former_until, at, mark FROM audit_head
WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED;

-- name: head_patiently
SELECT tenant_id, cut_seq, cut_hash, seq, hash, former_until, at, mark FROM audit_head WHERE tenant_id = $1 FOR UPDATE;

-- name: next_waiting
SELECT w.entry_id, e.id, e.tenant_id, e.actor, e.action, e.subject, e.detail::text AS detail, e.at, e.mark
FROM audit_waiting w LEFT JOIN audit_entry e ON e.id = w.entry_id
WHERE w.tenant_id = $1
ORDER BY w.entry_id LIMIT $2;

-- name: add_links
INSERT INTO audit_link (tenant_id, seq, entry_id, state, prev_hash, hash, mark)
SELECT $1, k.seq, k.entry_id, k.state, k.prev_hash, k.hash, k.mark
FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[])
    AS k(seq, entry_id, state, prev_hash, hash, mark);

-- name: taken
DELETE FROM audit_waiting WHERE tenant_id = $1 AND entry_id = ANY($2::uuid[]);

-- name: move_head
UPDATE audit_head SET cut_seq = $2, cut_hash = $3, seq = $4, hash = $5, at = $6, mark = $7 WHERE tenant_id = $1;

-- name: heads
SELECT tenant_id, cut_seq, cut_hash, seq, hash, former_until, at, mark FROM audit_head ORDER BY tenant_id;
