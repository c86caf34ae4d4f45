-- Mappings as people work with them: who made a version and why, which version acted when, templates that stores share,
-- and what stood at the destination before a mapping of one's own wrote over it.

ALTER TABLE mapping_version ADD COLUMN note text NOT NULL DEFAULT '';
ALTER TABLE mapping_version ADD COLUMN actor text NOT NULL DEFAULT '';
-- The template it was composed of, and what this store has otherwise: {template, version, overrides}; NULL: none.
ALTER TABLE mapping_version ADD COLUMN made_of jsonb;
CREATE INDEX mapping_version_template ON mapping_version ((made_of ->> 'template')) WHERE made_of IS NOT NULL;

-- A version is what it is: deliveries, replays and ways back name it.
CREATE FUNCTION version_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version never changes: make another' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER version_stands BEFORE UPDATE ON mapping_version FOR EACH ROW EXECUTE FUNCTION version_stands();

CREATE TABLE mapping_activation (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    route_id   uuid NOT NULL,
    version    integer NOT NULL,
    before     integer NOT NULL,
    -- true: a way back; it is no version that another way back returns to.
    back       boolean NOT NULL,
    actor      text NOT NULL,
    reason     text NOT NULL DEFAULT '',
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mapping_activation_route ON mapping_activation (route_id, id);
SELECT guard_tenant_table('mapping_activation', true);

CREATE TABLE mapping_template (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    name        text NOT NULL,
    connector   text NOT NULL,
    entity      text NOT NULL,
    action      text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, name)
);
SELECT guard_tenant_table('mapping_template', true);

CREATE TABLE mapping_template_version (
    template_id  uuid NOT NULL REFERENCES mapping_template,
    version      integer NOT NULL,
    tenant_id    uuid NOT NULL,
    document     jsonb NOT NULL,
    note         text NOT NULL DEFAULT '',
    actor        text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (template_id, version)
);
CREATE TRIGGER version_stands BEFORE UPDATE ON mapping_template_version FOR EACH ROW EXECUTE FUNCTION version_stands();
SELECT guard_tenant_table('mapping_template_version', true);

-- What a record at the destination held before a version of a route's mapping first wrote to it: the values by field,
-- sealed, for they are a person's.
CREATE TABLE former_value (
    route_id     uuid NOT NULL,
    version      integer NOT NULL,
    object       text NOT NULL,
    key          text NOT NULL,
    tenant_id    uuid NOT NULL,
    lane_id      uuid NOT NULL,
    record_id    uuid NOT NULL,
    delivery_id  uuid NOT NULL,
    external_id  text,
    sealed       bytea STORAGE EXTERNAL NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (route_id, version, object, key)
);
CREATE INDEX former_value_record ON former_value (route_id, version, record_id);
CREATE INDEX former_value_at ON former_value (at);
SELECT guard_tenant_table('former_value');

ALTER TABLE run DROP CONSTRAINT run_kind_check;
ALTER TABLE run ADD CONSTRAINT run_kind_check
    CHECK (kind IN ('pull', 'backfill', 'reconcile', 'stock_push', 'import', 'replay', 'mapping'));
