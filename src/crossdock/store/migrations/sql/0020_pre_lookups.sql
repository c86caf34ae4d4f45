-- The indexes for lists serve lists alone: their queries say `id <> '0000…'`, which is true of every record, and which
-- only who knows these indexes says. Else the planner takes one of them for the lookup of a single entity while a table
-- is too young to have statistics (it thinks that all its indexes hold a row or two), and keeps that plan: every arrival
-- read its whole stream (279 rows an event, in the first 20,000 of a new hub).
CREATE INDEX record_newest ON record (connection_id, stream, placed_at, id)
    WHERE id <> '00000000-0000-0000-0000-000000000000';
CREATE INDEX record_by_status ON record (connection_id, stream, status, placed_at, id)
    WHERE id <> '00000000-0000-0000-0000-000000000000';
DROP INDEX record_listed;
DROP INDEX record_status;
