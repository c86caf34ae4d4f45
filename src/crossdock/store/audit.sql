-- name: note
INSERT INTO audit_entry (id, tenant_id, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6::jsonb);
