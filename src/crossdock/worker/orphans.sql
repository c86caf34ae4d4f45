-- name: owners
SELECT owner FROM lane WHERE owner IS NOT NULL AND until > now()
UNION SELECT owner FROM run WHERE owner IS NOT NULL AND until > now() AND state = 'running'
UNION SELECT owner FROM watch WHERE owner IS NOT NULL AND until > now()
UNION SELECT owner FROM chore WHERE owner IS NOT NULL AND until > now()
UNION SELECT owner FROM alert_notice WHERE owner IS NOT NULL AND until > now() AND state = 'waiting';

-- name: release_lanes
UPDATE lane SET until = now() WHERE owner = ANY($1::text[]);

-- name: release_runs
UPDATE run SET until = now() WHERE owner = ANY($1::text[]) AND state = 'running';

-- name: release_watches
UPDATE watch SET until = now(), next_at = least(next_at, now()) WHERE owner = ANY($1::text[]);

-- name: release_chores
UPDATE chore SET until = now(), next_at = least(next_at, now()) WHERE owner = ANY($1::text[]);

-- name: release_notices
UPDATE alert_notice SET until = now() WHERE owner = ANY($1::text[]) AND state = 'waiting';
