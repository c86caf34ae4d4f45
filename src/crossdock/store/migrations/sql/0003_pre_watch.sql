-- What the watchdog knows: how connections do, what it found, and what each webhook was answered.

ALTER TABLE connection
    ADD COLUMN hooks_ok boolean NOT NULL DEFAULT true,
    ADD COLUMN writes_stopped text;
COMMENT ON COLUMN connection.hooks_ok IS 'false while webhooks are missing or broken: pulls come every 60 s';
COMMENT ON COLUMN connection.writes_stopped IS 'why nothing is written to this account now; what is to be written waits';

-- What became of a webhook's deliveries at our door. failed and refused count since the last one that was taken.
ALTER TABLE hook
    ADD COLUMN heard_at timestamptz,
    ADD COLUMN failed integer NOT NULL DEFAULT 0,
    ADD COLUMN refused integer NOT NULL DEFAULT 0,
    ADD COLUMN refused_at timestamptz;

-- One row a watched connection: the lease of the watch, when it comes again, and what the last look remembers.
CREATE TABLE watch (
    connection_id  uuid PRIMARY KEY REFERENCES connection ON DELETE CASCADE,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    next_at        timestamptz NOT NULL,
    owner          text,
    epoch          bigint NOT NULL DEFAULT 0,
    until          timestamptz,
    looked_at      timestamptz,
    memory         jsonb NOT NULL DEFAULT '{}',
    strangers      bigint NOT NULL DEFAULT 0,
    stranger_site  text
) WITH (fillfactor = 70);
CREATE INDEX watch_due ON watch (next_at);

CREATE TABLE finding (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL REFERENCES connection ON DELETE CASCADE,
    code           text NOT NULL,
    severity       text NOT NULL CHECK (severity IN ('error', 'warning')),
    cause          text NOT NULL,
    remedy         text NOT NULL,
    evidence       jsonb NOT NULL DEFAULT '{}',
    seen           integer NOT NULL DEFAULT 1,
    since          timestamptz NOT NULL,
    last_seen      timestamptz NOT NULL,
    repaired_at    timestamptz,
    resolved_at    timestamptz
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX finding_open ON finding (connection_id, code) WHERE resolved_at IS NULL;
CREATE INDEX finding_listed ON finding (tenant_id, connection_id, since);

SELECT guard_tenant_table('watch', false);
SELECT guard_tenant_table('finding', false);
