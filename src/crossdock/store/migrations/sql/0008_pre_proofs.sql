-- Runs in full, and proofs that are kept.

ALTER TABLE run DROP CONSTRAINT run_kind_check;
ALTER TABLE run DROP CONSTRAINT run_state_check;
DROP INDEX run_single;
DROP INDEX run_due;
UPDATE run SET state = 'waiting' WHERE state = 'queued';
ALTER TABLE run ADD CONSTRAINT run_kind_check
    CHECK (kind IN ('pull', 'backfill', 'reconcile', 'stock_push', 'import'));
ALTER TABLE run ADD CONSTRAINT run_state_check
    CHECK (state IN ('waiting', 'running', 'done', 'partial', 'failed', 'cancelled'));
-- The first hundred things that went wrong: [{"entity": …, "reason": …}], no personal data.
ALTER TABLE run ADD COLUMN errors jsonb NOT NULL DEFAULT '[]';
ALTER TABLE run ADD COLUMN error_count integer NOT NULL DEFAULT 0;
-- What was asked for beside streams (the days of a proof).
ALTER TABLE run ADD COLUMN asked jsonb NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX run_single ON run (connection_id, kind) WHERE state IN ('waiting', 'running');
CREATE INDEX run_due ON run (due_at) WHERE state IN ('waiting', 'running');
CREATE INDEX run_listed ON run (tenant_id, id);
CREATE INDEX run_ended ON run (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE proof (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL,
    connection_id  uuid NOT NULL,
    run_id         uuid,
    began_at       timestamptz NOT NULL,
    ended_at       timestamptz NOT NULL,
    ok             boolean NOT NULL,
    -- The report as it was signed: its bytes are what the signature is over.
    report         text NOT NULL,
    signature      text NOT NULL
);
CREATE INDEX proof_listed ON proof (tenant_id, id);
SELECT guard_tenant_table('proof');
GRANT INSERT ON proof TO crossdock_app;
