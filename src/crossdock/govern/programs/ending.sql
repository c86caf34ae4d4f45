-- name: hold_tenant
-- Looked at once it is held: what others were adding to it is there then, and nothing more comes.
SELECT tenant_id FROM tenant WHERE tenant_id = $1 FOR UPDATE;

-- name: tenant
SELECT t.tenant_id, t.slug, t.test_of,
       (SELECT s.tenant_id FROM tenant s WHERE s.test_of = t.tenant_id) AS test_side,
       (SELECT count(*) FROM invoice i WHERE i.tenant_id = t.tenant_id AND i.state <> 'draft') AS issued
FROM tenant t WHERE t.tenant_id = $1;

-- name: ask
INSERT INTO tenant_end (id, ended_tenant, slug, test_of, asked_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (ended_tenant) WHERE stage <> 'done' DO NOTHING RETURNING id;

-- name: asked
SELECT id FROM tenant_end WHERE ended_tenant = $1 AND stage <> 'done';

-- name: close
UPDATE tenant SET ending_at = coalesce(ending_at, now()) WHERE tenant_id = $1;

-- name: end_api_keys
UPDATE api_key SET revoked_at = now() WHERE tenant_id = $1 AND revoked_at IS NULL;

-- name: end_links
UPDATE connect_link SET revoked_at = now() WHERE tenant_id = $1 AND revoked_at IS NULL;

-- name: end_pages
-- Whoever stands before an account's page of consent connects nothing any more.
WITH pages AS (UPDATE app_authorization SET expires_at = now() WHERE tenant_id = $1 AND used_at IS NULL)
UPDATE oauth_request SET expires_at = now() WHERE tenant_id = $1 AND used_at IS NULL;

-- name: end_sessions
-- Whoever has a seat comes in anew, where he has another one.
DELETE FROM person_session s USING membership m WHERE m.tenant_id = $1 AND m.person_id = s.person_id;

-- name: end_seats
-- All seats, and those people who have none elsewhere.
WITH seats AS (
    DELETE FROM membership WHERE tenant_id = $1 RETURNING person_id
), gone AS (
    DELETE FROM person p USING seats s
    WHERE p.id = s.person_id AND NOT EXISTS (SELECT FROM membership m WHERE m.tenant_id <> $1 AND m.person_id = p.id)
    RETURNING 1
)
SELECT (SELECT count(*) FROM seats) AS seats, (SELECT count(*) FROM gone) AS people;

-- name: count_people
UPDATE tenant_end SET counts = $2::jsonb WHERE id = $1;

-- name: cancel_runs
UPDATE run SET state = 'cancelled', ended_at = now(), until = NULL, owner = NULL
WHERE tenant_id = $1 AND state IN ('waiting', 'running');

-- name: take
-- One end that is due and that nobody is at. A live side waits for the end of its test side.
UPDATE tenant_end e SET owner = $1, until = now() + $2::interval
WHERE e.id = (
    SELECT e.id FROM tenant_end e
    WHERE e.stage <> 'done' AND e.due_at <= now() AND (e.until IS NULL OR e.until < now())
      AND ($3::uuid IS NULL OR e.id = $3)
      AND NOT EXISTS (SELECT FROM tenant_end s WHERE s.test_of = e.ended_tenant AND s.stage <> 'done')
    ORDER BY e.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING e.id, e.ended_tenant, e.stage, e.asked_by;

-- name: hold
-- The lease goes on; no row when it is another's by now.
UPDATE tenant_end SET until = now() + $3::interval WHERE id = $1 AND owner = $2 AND until > now() RETURNING id;

-- name: counted
UPDATE tenant_end
SET until = now() + $3::interval,
    counts = jsonb_set(counts, ARRAY[$4::text], to_jsonb(coalesce((counts ->> $4)::bigint, 0) + $5::bigint))
WHERE id = $1 AND owner = $2 AND until > now() RETURNING id;

-- name: stopped
UPDATE tenant_end SET stage = 'delete', owner = NULL, until = NULL, due_at = now() + $3::interval, left_behind = $4::jsonb
WHERE id = $1 AND owner = $2 RETURNING id;

-- name: done
UPDATE tenant_end SET stage = 'done', owner = NULL, until = NULL, problem = NULL, done_at = now()
WHERE id = $1 AND owner = $2 RETURNING id;

-- name: put_off
UPDATE tenant_end SET owner = NULL, until = NULL, failures = failures + 1, problem = $3,
                      due_at = now() + least(3600, 5 * 2 ^ least(failures, 10)) * interval '1 second'
WHERE id = $1 AND owner = $2;

-- name: connections
SELECT id FROM connection WHERE tenant_id = $1 AND state <> 'revoked' AND connector <> $2 ORDER BY id;

-- name: give_up
UPDATE connection SET state = 'revoked', left_behind = $3::jsonb, changed_at = now() WHERE tenant_id = $1 AND id = $2;

-- name: left
SELECT id, connector, left_behind FROM connection
WHERE tenant_id = $1 AND jsonb_array_length(coalesce(left_behind, '[]')) > 0 ORDER BY id;

-- name: tables
-- Every table with a tenant, with how many blocks it has (the largest of its parts), whether it refers to itself, and
-- the tables that it refers to.
SELECT c.relname AS name, quote_ident(c.relname) AS quoted,
       greatest(pg_relation_size(c.oid), coalesce((
           SELECT max(pg_relation_size(i.inhrelid)) FROM pg_inherits i WHERE i.inhparent = c.oid), 0))
           / current_setting('block_size')::int + 1 AS blocks,
       c.relkind = 'p' AS parted,
       EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.confrelid = c.oid AND f.contype = 'f') AS loops,
       ARRAY(SELECT r.relname::text FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
             WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS refers
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname;

-- name: clear_window
-- Of a table (and each of its parts) the rows of one tenant in some blocks; braces: its name.
WITH gone AS (
    DELETE FROM {table} WHERE tenant_id = $1 AND ctid >= $2::text::tid AND ctid < $3::text::tid RETURNING 1
)
SELECT count(*) FROM gone;

-- name: clear_all
WITH gone AS (DELETE FROM {table} WHERE tenant_id = $1 RETURNING 1) SELECT count(*) FROM gone;

-- name: any_left
SELECT EXISTS (SELECT FROM {table} WHERE tenant_id = $1);

-- name: receipt
SELECT id, ended_tenant, slug, test_of IS NOT NULL AS test, stage, asked_by, asked_at, done_at, problem, left_behind, counts
FROM tenant_end WHERE id = $1;

-- name: receipts
SELECT id, ended_tenant, slug, test_of IS NOT NULL AS test, stage, asked_by, asked_at, done_at, problem, left_behind, counts
FROM tenant_end WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2;
