-- name: lock_budget
-- The account's row, locked, and the time after the lock was had. A hand that a crash of the database forgets is worth
-- less than a flush a hand.
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO vendor_budget AS b (tenant_id, account) SELECT $1, $2 FROM quick
ON CONFLICT (tenant_id, account) DO UPDATE SET asks = b.asks + 1
RETURNING b.state, extract(epoch FROM clock_timestamp())::float8 AS at;

-- name: keep_budget
UPDATE vendor_budget SET state = $3::jsonb, changed_at = clock_timestamp() WHERE tenant_id = $1 AND account = $2;

-- name: budgets
SELECT account, state, extract(epoch FROM clock_timestamp())::float8 AS at FROM vendor_budget WHERE tenant_id = $1;

-- name: forget_budgets
DELETE FROM vendor_budget WHERE changed_at < now() - interval '7 days';
