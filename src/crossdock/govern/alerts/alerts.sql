-- name: take_chore
-- Work that one process at a time does. Its next time is set at once; a lost owner is followed by another.
UPDATE chore SET owner = $2, epoch = epoch + 1, until = now() + $3::interval, next_at = now() + $4::interval
WHERE name = $1 AND next_at <= now() AND (until IS NULL OR until < now())
RETURNING epoch;

-- name: fence_chore
SELECT 1 FROM chore WHERE name = $1 AND epoch = $2 FOR UPDATE;

-- name: leave_chore
UPDATE chore SET owner = NULL, until = NULL WHERE name = $1 AND epoch = $2;

-- name: standing
SELECT id, tenant_id, kind, subject, connection_id, severity, title, cause, remedy, command, link, count, told_count,
       since, raised_at, seen_at, calm_since, relapses, reminders, remind_at, acknowledged_at, ended_at
FROM alert WHERE ended_at IS NULL;

-- name: relapses
-- How often what begins now has come back: one more than when it last ended within a day.
SELECT DISTINCT ON (a.tenant_id, a.kind, a.subject) a.tenant_id, a.kind, a.subject, a.relapses + 1 AS relapses
FROM alert a JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS k(tenant_id, kind, subject) USING (tenant_id, kind, subject)
WHERE a.ended_at > $4::timestamptz - interval '1 day'
ORDER BY a.tenant_id, a.kind, a.subject, a.ended_at DESC;

-- name: open_alert
INSERT INTO alert (id, tenant_id, kind, subject, connection_id, severity, title, cause, remedy, command, link, count,
                   told_count, since, raised_at, seen_at, relapses, remind_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $14, $15, $16);

-- name: change_alert
UPDATE alert
SET severity = $2, title = $3, cause = $4, remedy = $5, command = $6, link = $7, count = $8, told_count = $9, since = $10,
    seen_at = $11, calm_since = $12, relapses = $13, reminders = $14, remind_at = $15, ended_at = $16
WHERE id = $1 AND ended_at IS NULL;

-- name: channels
SELECT id, tenant_id, least, kinds FROM alert_channel WHERE tenant_id = ANY($1::uuid[]) AND enabled;

-- name: add_notice
INSERT INTO alert_notice (id, tenant_id, channel_id, topic, document) VALUES ($1, $2, $3, $4, $5::jsonb);

-- name: tenants
SELECT tenant_id, slug FROM tenant;

-- name: listed
SELECT a.id, a.kind, a.subject, a.connection_id, c.name AS connection, a.severity, a.title, a.cause, a.remedy, a.command,
       a.link, a.count, a.since, a.raised_at, a.seen_at, a.relapses, a.reminders, a.acknowledged_at, a.acknowledged_by,
       a.ended_at
FROM alert a LEFT JOIN connection c ON c.id = a.connection_id
WHERE a.tenant_id = $1 AND a.id < $2 AND ($3::boolean IS NULL OR (a.ended_at IS NULL) = $3)
  AND ($4::text IS NULL OR a.kind = $4) AND ($5::uuid IS NULL OR a.connection_id = $5)
  AND ($6::uuid IS NULL OR a.id = $6)
ORDER BY a.id DESC LIMIT $7;

-- name: acknowledge
UPDATE alert SET acknowledged_at = coalesce(acknowledged_at, $3), acknowledged_by = coalesce(acknowledged_by, $4)
WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL RETURNING id;

-- name: put_rule
INSERT INTO alert_rule (id, tenant_id, kind, connection_id, enabled, severity, settings)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
ON CONFLICT (tenant_id, kind, connection_id) DO UPDATE
SET enabled = EXCLUDED.enabled, severity = EXCLUDED.severity, settings = EXCLUDED.settings, changed_at = now()
RETURNING id;

-- name: end_alerts_of_rule
-- A rule that was switched off: what it found ends without a word.
UPDATE alert SET ended_at = now()
WHERE tenant_id = $1 AND kind = $2 AND ended_at IS NULL AND ($3::uuid IS NULL OR connection_id = $3);

-- name: tenant_rules
SELECT id, kind, connection_id, enabled, severity, settings, changed_at FROM alert_rule
WHERE tenant_id = $1 ORDER BY kind, connection_id NULLS FIRST;

-- name: drop_rule
DELETE FROM alert_rule WHERE tenant_id = $1 AND id = $2 RETURNING kind;

-- name: forget
WITH old AS (DELETE FROM alert WHERE ended_at < now() - make_interval(days => $1)),
     said AS (DELETE FROM alert_notice WHERE ended_at < now() - interval '30 days'),
     paced AS (DELETE FROM lane_pace WHERE minute < now() - interval '1 day 1 hour')
DELETE FROM health_report WHERE day < current_date - $1::integer;
