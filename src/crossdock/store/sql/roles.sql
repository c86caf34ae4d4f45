-- name: role_facts
-- The three roles as they are; a role that is missing has no row.
SELECT rolname::text AS name, rolsuper OR rolbypassrls AS too_strong, rolcanlogin AS can_login
FROM pg_catalog.pg_roles
WHERE rolname IN ('crossdock_owner', 'crossdock_engine', 'crossdock_app');

-- name: me
SELECT current_user::text AS name, rolsuper AS is_superuser, rolsuper OR rolcreaterole AS may_create
FROM pg_catalog.pg_roles
WHERE rolname = current_user;

-- name: create_roles
-- Roles belong to the whole cluster: two databases may be set up at once.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['crossdock_owner', 'crossdock_engine', 'crossdock_app'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$$;

-- name: allow_login
-- Only inside the embedded server, whose socket nobody else can reach.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['crossdock_owner', 'crossdock_engine', 'crossdock_app'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name AND rolcanlogin) THEN
            EXECUTE format('ALTER ROLE %I LOGIN', role_name);
        END IF;
    END LOOP;
END
$$;

-- name: grant_membership
GRANT crossdock_owner, crossdock_engine, crossdock_app TO CURRENT_USER;

-- name: schema_rights
SELECT has_schema_privilege('crossdock_owner', 'public', 'CREATE')
   AND has_schema_privilege('crossdock_owner', 'public', 'USAGE')
   AND has_schema_privilege('crossdock_engine', 'public', 'USAGE')
   AND has_schema_privilege('crossdock_app', 'public', 'USAGE') AS enough;

-- name: grant_schema
DO $$
BEGIN
    GRANT USAGE, CREATE ON SCHEMA public TO crossdock_owner;
    GRANT USAGE ON SCHEMA public TO crossdock_engine, crossdock_app;
END
$$;
