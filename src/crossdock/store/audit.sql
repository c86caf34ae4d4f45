-- name: note
INSERT INTO audit_entry (id, tenant_id, actor, action, subject, detail, at, mark)
SELECT k.id, k.tenant_id, k.actor, k.action, k.subject, k.detail::jsonb, k.at, k.mark
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bytea[])
    AS k(id, tenant_id, actor, action, subject, detail, at, mark);
