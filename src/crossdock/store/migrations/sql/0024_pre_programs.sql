-- Programs: test sides, keys that are rotated and seen in use.

-- The test side of a tenant is a tenant of its own: what is tried there meets nothing of the live side.
ALTER TABLE tenant ADD COLUMN test_of uuid UNIQUE REFERENCES tenant;

ALTER TABLE api_key
    ADD COLUMN made_by text,
    -- When it was last seen, to the minute.
    ADD COLUMN used_at timestamptz,
    -- The key that it was made in place of.
    ADD COLUMN replaces uuid;
CREATE INDEX api_key_tenant ON api_key (tenant_id);

-- That a key was used is no change that anybody has to hear of.
DROP TRIGGER tell_caches ON api_key;
CREATE TRIGGER tell_caches AFTER INSERT OR DELETE OR UPDATE OF name, scopes, expires_at, revoked_at ON api_key
    FOR EACH ROW EXECUTE FUNCTION key_changed();
