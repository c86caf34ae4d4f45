-- Reading orders, customers and products, and the feed of changes.

-- What people call an entity: an order's number, a product's SKU, a coupon's code.
ALTER TABLE record ADD COLUMN code text NOT NULL DEFAULT '';
CREATE INDEX record_code ON record (tenant_id, stream, code) WHERE code <> '';
-- When it came into being, for lists: a column and not coalesce() in the conditions, because row-level security keeps
-- out of an index scan whatever PostgreSQL does not know to be discreet, and a deep page would be looked for from the top.
ALTER TABLE record ADD COLUMN placed_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(made_at, '-infinity')) STORED;
CREATE INDEX record_listed ON record (connection_id, stream, placed_at, id);
CREATE INDEX record_status ON record (connection_id, stream, status, placed_at, id);

-- The order in which changes became visible. An event's transaction id (xid) is below the oldest one still running as
-- soon as nothing can appear before it any more. A logical restore into another cluster begins a new era: xids count
-- anew there, and all that was written in an earlier era is visible.
ALTER TABLE event ADD COLUMN era smallint NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN xid xid8 NOT NULL DEFAULT '0';
ALTER TABLE event ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
CREATE INDEX event_feed ON event (tenant_id, era, xid, id);

CREATE TABLE feed_era (
    era         smallint PRIMARY KEY,
    cluster_id  bigint NOT NULL,
    began_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO feed_era (era, cluster_id) SELECT 0, system_identifier FROM pg_control_system();
GRANT SELECT ON feed_era TO crossdock_engine, crossdock_app;

-- Called by the owner after every start and restore; returns the era that holds.
CREATE FUNCTION tend_feed_era() RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    held feed_era;
    here bigint := (SELECT system_identifier FROM pg_control_system());
BEGIN
    SELECT * INTO held FROM feed_era ORDER BY era DESC LIMIT 1;
    IF held.cluster_id = here THEN
        RETURN held.era;
    END IF;
    INSERT INTO feed_era (era, cluster_id) VALUES (held.era + 1, here);
    EXECUTE format('ALTER TABLE event ALTER COLUMN era SET DEFAULT %s', held.era + 1);
    RETURN held.era + 1;
END
$$;
