-- name: list
SELECT e.id, e.actor, e.action, e.subject, e.detail::text AS detail, e.at, l.seq
FROM audit_entry e LEFT JOIN audit_link l ON l.entry_id = e.id
WHERE e.tenant_id IS NOT DISTINCT FROM $1
  AND ($2::uuid IS NULL OR e.id < $2)
  AND ($3::uuid IS NULL OR e.id >= $3) AND ($4::uuid IS NULL OR e.id < $4)
  AND ($5::text IS NULL OR e.actor = $5)
  AND ($6::text IS NULL OR e.action = $6 OR starts_with(e.action, $6 || '.'))
  AND ($7::text[] IS NULL OR e.subject = ANY($7))
ORDER BY e.id DESC LIMIT $8;

-- name: export
SELECT e.id, e.actor, e.action, e.subject, e.detail::text AS detail, e.at, l.seq, l.hash
FROM audit_entry e LEFT JOIN audit_link l ON l.entry_id = e.id
WHERE e.tenant_id IS NOT DISTINCT FROM $1
  AND e.id > $2
  AND ($3::uuid IS NULL OR e.id >= $3) AND ($4::uuid IS NULL OR e.id < $4)
  AND ($5::text IS NULL OR e.actor = $5)
  AND ($6::text IS NULL OR e.action = $6 OR starts_with(e.action, $6 || '.'))
  AND ($7::text[] IS NULL OR e.subject = ANY($7))
ORDER BY e.id LIMIT $8;
