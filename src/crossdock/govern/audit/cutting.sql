-- name: first_to_keep
SELECT seq FROM audit_link WHERE tenant_id = $1 AND entry_id >= $2 ORDER BY seq LIMIT 1;

-- name: hash_at
SELECT hash FROM audit_link WHERE tenant_id = $1 AND seq = $2;

-- name: cut
SELECT cut_audit_chain($1, $2);

-- name: end
SELECT end_audit_chain($1);
