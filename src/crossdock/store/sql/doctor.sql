-- name: durability
SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit;

-- name: roles
SELECT rolname::text AS name, rolsuper OR rolbypassrls AS too_strong
FROM pg_catalog.pg_roles
WHERE rolname IN ('crossdock_owner', 'crossdock_engine', 'crossdock_app')
ORDER BY rolname;

-- name: clock
SELECT clock_timestamp() AS now;

-- name: connections
SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')::integer AS used,
       current_setting('max_connections')::integer AS most;
