-- Imports as runs, and errors that link to their rows.

-- Some bells of each shop are taken at a time, the longest due first.
CREATE INDEX doorbell_of_shop ON doorbell (connection_id, due_at);
DROP INDEX doorbell_due;

-- A file that is being imported, as it came: read part by part, so that its size is no matter of memory.
CREATE TABLE import_part (
    run_id     uuid NOT NULL,
    number     integer NOT NULL,
    tenant_id  uuid NOT NULL,
    body       bytea NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, number)
);
CREATE INDEX import_part_made ON import_part (made_at);
SELECT guard_tenant_table('import_part');
