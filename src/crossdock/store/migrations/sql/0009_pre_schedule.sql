-- Deliveries that wait for a time, lanes that are found without looking at their deliveries, and budgets of an account
-- shared by all processes.

-- When a route's deliveries go out; NULL: at once.
ALTER TABLE route ADD COLUMN schedule jsonb;
-- A route that is switched off can be switched on again, one that has ended cannot.
ALTER TABLE route ADD COLUMN ended_at timestamptz;
UPDATE route SET ended_at = now() WHERE NOT enabled;

-- best: the most urgent priority that is due. What is at or behind held_priority waits until held_until (the day's
-- quota is kept for live traffic).
ALTER TABLE lane ADD COLUMN best smallint NOT NULL DEFAULT 1;
ALTER TABLE lane ADD COLUMN held_priority smallint;
ALTER TABLE lane ADD COLUMN held_until timestamptz;

-- Doubts end by their time; what an owner was doing is found by its lane.
CREATE INDEX delivery_doubt ON delivery (lane_id, due_at) WHERE state = 'in_doubt';
CREATE INDEX delivery_claimed ON delivery (lane_id) WHERE state = 'claimed';
DROP INDEX delivery_held;

-- When a lane has to be looked at next (NULL: nothing waits) and the most urgent priority that is due: at most five
-- reads of an index, however many deliveries there are.
CREATE FUNCTION lane_next(of_lane uuid, held smallint, until timestamptz, OUT at timestamptz, OUT best smallint)
LANGUAGE sql STABLE AS $$
    WITH found AS (
        SELECT p.priority, first.due_at
        FROM (VALUES (0::smallint), (1::smallint), (2::smallint)) AS p(priority), LATERAL (
            SELECT CASE WHEN p.priority >= held THEN greatest(d.due_at, until) ELSE d.due_at END AS due_at
            FROM delivery d
            WHERE d.lane_id = of_lane AND d.head AND d.state = 'waiting' AND d.priority = p.priority
            ORDER BY d.due_at LIMIT 1) AS first
        UNION ALL
        (SELECT 1, d.due_at FROM delivery d WHERE d.lane_id = of_lane AND d.state = 'in_doubt'
         ORDER BY d.due_at LIMIT 1)
        UNION ALL
        (SELECT 1, now() FROM delivery d WHERE d.lane_id = of_lane AND d.state = 'claimed' LIMIT 1)
    )
    SELECT min(f.due_at), coalesce(min(f.priority) FILTER (WHERE f.due_at <= now()), 1)::smallint FROM found f
$$;

-- One row: when somebody last looked for lanes whose hint was lost. All processes share the look.
CREATE TABLE lane_sweep (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    at   timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO lane_sweep DEFAULT VALUES;
GRANT SELECT, UPDATE ON lane_sweep TO crossdock_engine;

-- The budget of a vendor account: what was handed out of its window and its day, and to whom. One row an account; its
-- lock is held for a millisecond a block of calls.
CREATE TABLE vendor_budget (
    tenant_id   uuid NOT NULL,
    account     text NOT NULL,
    state       jsonb NOT NULL DEFAULT '{}',
    asks        bigint NOT NULL DEFAULT 0,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, account)
) WITH (fillfactor = 50);
SELECT guard_tenant_table('vendor_budget');
