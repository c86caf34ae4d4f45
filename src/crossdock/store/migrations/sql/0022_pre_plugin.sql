-- Sites that run the WordPress plugin: the keys they call with, what they said of themselves, and how they were paired.

-- One row a key, found by the SHA-256 of it. The seal, bound to the row's id, holds key and secret: the hub calls the site
-- with them, too. It is gone once the key is revoked. The window counts the requests of a minute, for all processes.
CREATE TABLE site_key (
    id                  uuid PRIMARY KEY,
    tenant_id           uuid NOT NULL REFERENCES tenant,
    connection_id       uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    name                text NOT NULL,
    key_hash            bytea NOT NULL UNIQUE,
    key_id              text NOT NULL,
    sealed              bytea,
    signature_required  boolean NOT NULL DEFAULT true,
    per_minute          integer NOT NULL DEFAULT 600 CHECK (per_minute > 0),
    window_at           timestamptz NOT NULL DEFAULT now(),
    window_count        integer NOT NULL DEFAULT 0,
    last_seen_at        timestamptz,
    site                jsonb NOT NULL,
    site_at             timestamptz NOT NULL DEFAULT now(),  -- when the site said so last
    created_at          timestamptz NOT NULL DEFAULT now(),
    created_by          text NOT NULL,
    revoked_at          timestamptz,
    CHECK (revoked_at IS NOT NULL OR sealed IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX site_key_connection ON site_key (connection_id) WHERE revoked_at IS NULL;
CREATE INDEX site_key_tenant ON site_key (tenant_id);
SELECT guard_tenant_table('site_key');

-- What a key has used once is refused for as long as its timestamp would be believed.
CREATE TABLE site_nonce (
    site_key_id  uuid NOT NULL REFERENCES site_key ON DELETE CASCADE,
    nonce        text NOT NULL,
    tenant_id    uuid NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_key_id, nonce)
);
CREATE INDEX site_nonce_at ON site_nonce (at);
SELECT guard_tenant_table('site_nonce');

-- The states a site has told, by the site's own id of the telling: the same one again is answered without reading it.
CREATE TABLE site_item (
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    item           uuid NOT NULL,
    tenant_id      uuid NOT NULL,
    event_id       uuid,
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, item)
);
CREATE INDEX site_item_at ON site_item (at);
SELECT guard_tenant_table('site_item');

-- A code that a person carries from the hub to the site. It is used once; only its hash is kept.
CREATE TABLE site_pairing (
    id                  uuid PRIMARY KEY,
    tenant_id           uuid NOT NULL REFERENCES tenant,
    code_hash           bytea NOT NULL UNIQUE,
    connection_id       uuid REFERENCES connection ON DELETE CASCADE,  -- the one to join; null: the site's own
    site_url            text,  -- the only site that may use it; null: any
    name                text NOT NULL DEFAULT '',
    signature_required  boolean NOT NULL DEFAULT true,
    created_at          timestamptz NOT NULL DEFAULT now(),
    created_by          text NOT NULL,
    expires_at          timestamptz NOT NULL,
    used_at             timestamptz,
    made_id             uuid  -- the key that was made
);
CREATE INDEX site_pairing_expiry ON site_pairing (expires_at);
SELECT guard_tenant_table('site_pairing');

-- Fields a site found in its own data: a path, its type and a value it was seen with (sealed, bound to the row's id).
CREATE TABLE site_field (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    kind           text NOT NULL,
    path           text NOT NULL,
    type           text NOT NULL,
    key_id         text NOT NULL,
    sealed         bytea NOT NULL,
    seen_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (connection_id, kind, path)
);
SELECT guard_tenant_table('site_field');

-- Every process remembers keys (by the first half of their hash) until it hears of a change; to be counted is none.
CREATE FUNCTION site_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM tell_caches('site_key', encode(substr(OLD.key_hash, 1, 16), 'hex')::uuid);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM tell_caches('site_key', encode(substr(NEW.key_hash, 1, 16), 'hex')::uuid);
    END IF;
    -- the same secret signs what the hub sends to the site
    PERFORM tell_caches('connection', coalesce(NEW.connection_id, OLD.connection_id));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_caches_changed AFTER UPDATE ON site_key FOR EACH ROW
    WHEN (jsonb_build_array(OLD.key_hash, OLD.connection_id, OLD.sealed, OLD.signature_required, OLD.per_minute, OLD.site,
                            OLD.site_at, OLD.revoked_at)
          IS DISTINCT FROM
          jsonb_build_array(NEW.key_hash, NEW.connection_id, NEW.sealed, NEW.signature_required, NEW.per_minute, NEW.site,
                            NEW.site_at, NEW.revoked_at))
    EXECUTE FUNCTION site_key_changed();
CREATE TRIGGER tell_caches AFTER INSERT OR DELETE ON site_key FOR EACH ROW EXECUTE FUNCTION site_key_changed();
