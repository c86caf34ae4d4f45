-- Writes to stores and their intents.

-- What the hub is about to write into a system that is also a source, committed before the call: what comes back from
-- there is compared with it. Holds states and amounts, no personal data.
CREATE TABLE write_intent (
    connection_id  uuid NOT NULL,
    stream         text NOT NULL,
    external_id    text NOT NULL,
    delivery_id    uuid NOT NULL,
    tenant_id      uuid NOT NULL,
    origin_id      uuid,
    caused_at      timestamptz NOT NULL,
    sent           jsonb NOT NULL,
    derived        text[] NOT NULL,
    returned       jsonb,
    hops           smallint NOT NULL,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    answered_at    timestamptz,
    PRIMARY KEY (connection_id, stream, external_id, delivery_id)
) WITH (fillfactor = 80);
CREATE INDEX write_intent_delivery ON write_intent (delivery_id);
CREATE INDEX write_intent_at ON write_intent (at);
SELECT guard_tenant_table('write_intent');

-- Until then arrivals of this connection are compared with intents; before the first write nobody looks.
ALTER TABLE connection ADD COLUMN writes_until timestamptz;
