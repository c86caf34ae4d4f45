-- name: snapshot
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: rows
-- Of one table all rows of a tenant; braces: its name.
SELECT * FROM {table} WHERE tenant_id = $1;

-- name: tenant
SELECT tenant_id, slug, name, created_at FROM tenant WHERE tenant_id = $1;

-- name: tables
SELECT c.relname AS name, quote_ident(c.relname) AS quoted
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname;

-- name: people
SELECT m.person_id, m.role, m.accepted_at, p.sealed FROM membership m JOIN person p ON p.id = m.person_id
WHERE m.tenant_id = $1 ORDER BY m.person_id;
