-- name: set_tenant
-- Until the end of the transaction.
SELECT set_config('crossdock.tenant', $1, true);

-- name: who_am_i
SELECT current_user::text AS name, rolsuper OR rolbypassrls AS too_strong
FROM pg_catalog.pg_roles
WHERE rolname = current_user;
