-- name: version_table
SELECT to_regclass('public.alembic_version') IS NOT NULL AS present;

-- name: version
SELECT version_num FROM public.alembic_version;

-- name: try_lock
SELECT pg_try_advisory_lock(7283465123001);

-- name: unlock
SELECT pg_advisory_unlock(7283465123001);

-- name: show_version
-- Every role may read which schema this is.
GRANT SELECT ON public.alembic_version TO crossdock_engine, crossdock_app;

-- name: feed_of_changes
SELECT to_regprocedure('tend_feed_era()') IS NOT NULL;

-- name: tend_feed_era
SELECT tend_feed_era();
