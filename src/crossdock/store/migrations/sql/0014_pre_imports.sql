-- Imports as runs, and errors that link to their rows.

-- Some bells of each shop are taken at a time, the longest due first.
CREATE INDEX doorbell_of_shop ON doorbell (connection_id, due_at);
DROP INDEX doorbell_due;
