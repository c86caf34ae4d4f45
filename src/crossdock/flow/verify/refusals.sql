-- name: audit_refusals
INSERT INTO audit_entry (id, tenant_id, actor, action, subject, detail)
SELECT k.id, k.tenant_id, 'door', 'refused', k.subject, jsonb_build_object('reason', k.reason, 'count', k.count)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[]) AS k(id, tenant_id, subject, reason, count);
