-- name: me
SELECT rolsuper OR rolbypassrls AS sees_all, rolsuper AS is_superuser,
       current_setting('server_version') AS server_version,
       current_setting('server_version_num')::integer / 10000 AS major
FROM pg_catalog.pg_roles
WHERE rolname = current_user;

-- name: snapshot
SELECT pg_export_snapshot();

-- name: tables
-- Every table with rows of its own; partitions are counted through their parents.
SELECT c.relname::text AS name
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname;

-- name: count
SELECT count(*) FROM {table};

-- name: keys
SELECT key_id, check_value FROM vault_key ORDER BY key_id;

-- name: others
-- Programs of ours that are connected to this database now.
SELECT count(*) FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'crossdock/%';

-- name: drop_all
DROP OWNED BY crossdock_owner;

-- name: end_logins
-- What was ended after the backup would come back with it: nobody stays logged in, and no link is good any more.
DELETE FROM person_session;

-- name: end_links
DELETE FROM person_link;

-- name: withdraw_connect_links
-- So are the links by which merchants connect; platforms make new ones.
UPDATE connect_link SET revoked_at = now() WHERE revoked_at IS NULL AND connection_id IS NULL;
