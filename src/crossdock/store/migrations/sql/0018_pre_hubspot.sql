-- The canary of a connection: which records it has let through.

CREATE TABLE canary (
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    record_id      uuid NOT NULL,
    tenant_id      uuid NOT NULL,
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, record_id)
);
SELECT guard_tenant_table('canary');
