-- SKU links, levels and pushes.

-- How many pieces of a SKU lie at a location. A SKU without a row is unknown, which is never the same as none.
CREATE TABLE stock_level (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    hub_sku     text NOT NULL,
    location    text NOT NULL,
    on_hand     bigint NOT NULL DEFAULT 0,
    reserved    bigint NOT NULL DEFAULT 0,
    confirmed   boolean NOT NULL DEFAULT true,
    version     bigint NOT NULL DEFAULT 0,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, hub_sku, location)
) WITH (fillfactor = 80);

-- The ledger: every movement once. A reference names what moved it, so that the same sale never moves it twice.
CREATE TABLE stock_move (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL REFERENCES tenant,
    hub_sku         text NOT NULL,
    location        text NOT NULL,
    delta           bigint NOT NULL,
    reserved_delta  bigint NOT NULL,
    on_hand         bigint NOT NULL,
    reserved        bigint NOT NULL,
    version         bigint NOT NULL,
    cause           text NOT NULL CHECK (cause IN ('sale', 'refund', 'set', 'fulfilment', 'import', 'correction')),
    reference       text NOT NULL,
    connection_id   uuid,
    made_at         timestamptz NOT NULL DEFAULT now(),
    announced       boolean NOT NULL DEFAULT false
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX stock_move_once ON stock_move (tenant_id, hub_sku, location, reference);
CREATE INDEX stock_move_new ON stock_move (tenant_id, id) WHERE NOT announced;
CREATE INDEX stock_move_sales ON stock_move (tenant_id, hub_sku, made_at) WHERE cause = 'sale';
CREATE INDEX stock_move_listed ON stock_move (tenant_id, hub_sku, id);

CREATE TABLE sku_link (
    id                  uuid PRIMARY KEY,
    tenant_id           uuid NOT NULL REFERENCES tenant,
    connection_id       uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    product_id          text NOT NULL,
    variation_id        text,
    store_sku           text NOT NULL DEFAULT '',
    hub_sku             text NOT NULL,
    push_stock          boolean NOT NULL DEFAULT true,
    push_price          boolean NOT NULL DEFAULT false,
    push_on_fulfilment  boolean NOT NULL DEFAULT false,
    direction           text NOT NULL DEFAULT 'both' CHECK (direction IN ('in', 'out', 'both')),
    counts              text NOT NULL DEFAULT 'orders' CHECK (counts IN ('orders', 'quantity')),
    backorders          boolean NOT NULL DEFAULT false,
    active              boolean NOT NULL DEFAULT true,
    suspended_at        timestamptz,
    suspended_reason    text,
    failures            integer NOT NULL DEFAULT 0,
    last_error          text,
    last_push_at        timestamptz,
    last_pushed         bigint,
    last_price          text,
    counted_from        timestamptz NOT NULL DEFAULT now(),
    -- what is due: set by whatever changes an offer, cleared by the push that looked at it
    push_at             timestamptz,
    price_at            timestamptz,
    forced              boolean NOT NULL DEFAULT false,
    in_flight           uuid,
    price_in_flight     uuid,
    -- what the store shows, what its orders have taken since, and a quantity that nothing explains
    shown               bigint,
    owed                bigint NOT NULL DEFAULT 0,
    owed_until          timestamptz,
    doubt               bigint,
    doubt_at            timestamptz,
    checked             bigint,
    checked_at          timestamptz,
    before              bigint,
    seen_seq            bigint NOT NULL DEFAULT 0,
    created_at          timestamptz NOT NULL DEFAULT now(),
    changed_at          timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX sku_link_product ON sku_link (connection_id, product_id, coalesce(variation_id, ''));
CREATE INDEX sku_link_hub_sku ON sku_link (tenant_id, hub_sku);
CREATE INDEX sku_link_due ON sku_link (push_at) WHERE push_at IS NOT NULL AND active AND suspended_at IS NULL;
CREATE INDEX sku_link_price_due ON sku_link (price_at) WHERE price_at IS NOT NULL AND active AND suspended_at IS NULL;
CREATE INDEX sku_link_flight ON sku_link (in_flight) WHERE in_flight IS NOT NULL;
CREATE INDEX sku_link_price_flight ON sku_link (price_in_flight) WHERE price_in_flight IS NOT NULL;
CREATE INDEX sku_link_doubt ON sku_link (doubt_at) WHERE doubt_at IS NOT NULL;

-- Which locations a store sells from, and how much of them.
CREATE TABLE store_share (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    location       text NOT NULL,
    weight         integer NOT NULL DEFAULT 0 CHECK (weight >= 0),
    reserve        bigint NOT NULL DEFAULT 0 CHECK (reserve >= 0),
    share          numeric(6, 5) NOT NULL DEFAULT 1 CHECK (share BETWEEN 0 AND 1),
    PRIMARY KEY (connection_id, location)
);
CREATE INDEX store_share_tenant ON store_share (tenant_id);

-- How many pieces of an order's line are accounted for.
CREATE TABLE stock_line (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    order_id       text NOT NULL,
    line_id        text NOT NULL,
    hub_sku        text NOT NULL,
    location       text NOT NULL,
    taken          bigint NOT NULL DEFAULT 0,
    fulfilled      bigint NOT NULL DEFAULT 0,
    baseline       bigint NOT NULL DEFAULT 0,
    reserves       boolean NOT NULL DEFAULT false,
    seq            bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (connection_id, order_id, line_id)
) WITH (fillfactor = 80);

-- A fulfilment that the store has not confirmed yet.
CREATE TABLE stock_fulfilment (
    event_id       uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    record_id      uuid NOT NULL,
    order_id       text NOT NULL,
    lines          jsonb
);
CREATE INDEX stock_fulfilment_tenant ON stock_fulfilment (tenant_id);

-- How far the events of a tenant's stores are counted.
CREATE TABLE stock_cursor (
    tenant_id  uuid PRIMARY KEY REFERENCES tenant,
    era        smallint NOT NULL,
    xid        xid8 NOT NULL,
    id         uuid NOT NULL
) WITH (fillfactor = 70);

-- Prices as they are to stand in the stores; a currency has its own row.
CREATE TABLE price_level (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    hub_sku        text NOT NULL,
    currency       text NOT NULL,
    regular_price  numeric,
    sale_price     numeric,
    version        bigint NOT NULL DEFAULT 1,
    changed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, hub_sku, currency)
);

-- When somebody wants to hear of a SKU that runs low; the row with an empty SKU is the tenant's default.
CREATE TABLE stock_threshold (
    tenant_id    uuid NOT NULL REFERENCES tenant,
    hub_sku      text NOT NULL,
    low_at       bigint,
    cover_days   numeric(8, 2),
    window_days  integer NOT NULL DEFAULT 28 CHECK (window_days BETWEEN 1 AND 365),
    PRIMARY KEY (tenant_id, hub_sku)
);

-- An open alert is a row without an end; there is one a SKU at most.
CREATE TABLE stock_alert (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    hub_sku     text NOT NULL,
    reason      text NOT NULL CHECK (reason IN ('low', 'cover')),
    available   bigint NOT NULL,
    per_day     numeric(14, 3) NOT NULL,
    since       timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
CREATE UNIQUE INDEX stock_alert_open ON stock_alert (tenant_id, hub_sku) WHERE ended_at IS NULL;
CREATE INDEX stock_alert_listed ON stock_alert (tenant_id, id);

SELECT guard_tenant_table('stock_level', true);
SELECT guard_tenant_table('stock_move', true);
SELECT guard_tenant_table('sku_link', true);
SELECT guard_tenant_table('store_share', true);
SELECT guard_tenant_table('stock_line', false);
SELECT guard_tenant_table('stock_fulfilment', false);
SELECT guard_tenant_table('stock_cursor', false);
SELECT guard_tenant_table('price_level', true);
SELECT guard_tenant_table('stock_threshold', true);
SELECT guard_tenant_table('stock_alert', false);
