-- What a proof works with, and every exception it has found.

-- While a proof is taken: what the store lists. Worth no log: a proof that was broken off begins anew.
CREATE UNLOGGED TABLE proof_seen (
    proof_id     uuid NOT NULL,
    tenant_id    uuid NOT NULL,
    stream       text NOT NULL,
    external_id  text NOT NULL,
    PRIMARY KEY (proof_id, stream, external_id)
);
SELECT guard_tenant_table('proof_seen');

-- While a proof is taken: what a destination holds. Bodies are sealed; of what is found by another value than our key
-- (a person by an address) only the keyed hash of that value stands in the clear.
CREATE UNLOGGED TABLE proof_found (
    proof_id     uuid NOT NULL,
    tenant_id    uuid NOT NULL,
    object       text NOT NULL,
    external_id  text NOT NULL,
    match        bytea NOT NULL,
    key          text,
    body         bytea,
    met          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (proof_id, object, external_id, match)
) WITH (fillfactor = 80);
CREATE INDEX proof_found_key ON proof_found (proof_id, object, key) WHERE key IS NOT NULL;
CREATE INDEX proof_found_match ON proof_found (proof_id, object, match);
SELECT guard_tenant_table('proof_found');

-- Every exception of every proof, in the order it was found: no cap. told is its text as the report's digest covers it.
CREATE TABLE proof_exception (
    id              uuid PRIMARY KEY,
    proof_id        uuid NOT NULL,
    tenant_id       uuid NOT NULL,
    destination_id  uuid NOT NULL,
    route_id        uuid NOT NULL,
    record_id       uuid,
    found_id        text,
    entity          text NOT NULL,
    external_id     text NOT NULL,
    kind            text NOT NULL,
    what            text NOT NULL,
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'repaired')),
    bucket          text NOT NULL DEFAULT '',
    rounds          smallint NOT NULL DEFAULT 0,
    told            text
);
CREATE INDEX proof_exception_listed ON proof_exception (proof_id, id);
CREATE INDEX proof_exception_record ON proof_exception (proof_id, route_id, record_id);
SELECT guard_tenant_table('proof_exception');

ALTER TABLE proof ADD COLUMN depth text NOT NULL DEFAULT 'full' CHECK (depth IN ('light', 'full'));
ALTER TABLE proof ADD COLUMN exceptions integer NOT NULL DEFAULT 0;
-- Whether it was about everything, not about some days.
ALTER TABLE proof ADD COLUMN whole boolean NOT NULL DEFAULT false;
CREATE INDEX proof_connection ON proof (connection_id, id);
