-- name: chains
-- Every chain that anything says there is; $1: one alone.
SELECT tenant_id FROM audit_head WHERE $1::uuid IS NULL OR tenant_id = $1
UNION SELECT tenant_id FROM audit_waiting WHERE $1::uuid IS NULL OR tenant_id = $1
UNION SELECT tenant_id FROM audit_link WHERE ($1::uuid IS NULL OR tenant_id = $1) AND seq = 1
UNION SELECT tenant_id FROM tenant WHERE tenant_id = $1
ORDER BY tenant_id;

-- name: links
SELECT l.seq, l.entry_id, l.state, l.prev_hash, l.hash, l.mark AS link_mark,
       e.id, e.tenant_id, e.actor, e.action, e.subject, e.detail::text AS detail, e.at, e.mark
FROM audit_link l LEFT JOIN audit_entry e ON e.id = l.entry_id
WHERE l.tenant_id = $1 AND l.seq > $2
ORDER BY l.seq LIMIT $3;

-- name: unlinked
-- Entries that neither hang in the chain nor wait for it.
SELECT e.id FROM audit_entry e
WHERE e.tenant_id IS NOT DISTINCT FROM $1
  AND NOT EXISTS (SELECT FROM audit_link l WHERE l.entry_id = e.id)
  AND NOT EXISTS (SELECT FROM audit_waiting w WHERE w.entry_id = e.id)
ORDER BY e.id LIMIT $2;

-- name: waiting
SELECT w.entry_id, e.id, e.tenant_id, e.actor, e.action, e.subject, e.detail::text AS detail, e.at, e.mark
FROM audit_waiting w LEFT JOIN audit_entry e ON e.id = w.entry_id
WHERE w.tenant_id = $1 AND w.entry_id > $2
ORDER BY w.entry_id LIMIT $3;

-- name: said_of_chains
-- What the house's chain tells of the others: which began, and which ended in due form.
SELECT subject, (array_agg(action ORDER BY id DESC))[1] AS last FROM audit_entry
WHERE tenant_id IS NULL AND actor = 'audit' AND action IN ('audit.begin', 'audit.end')
GROUP BY subject ORDER BY subject;
