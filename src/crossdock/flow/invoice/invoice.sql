-- name: turn
-- Versions of a tenant's terms are made one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('crossdock.invoice_terms:' || $1::uuid::text, 0));

-- name: newest_terms
SELECT id, version, sealed, note, actor, created_at FROM invoice_terms
WHERE tenant_id = $1 AND ($2::integer IS NULL OR version = $2)
ORDER BY version DESC LIMIT 1;

-- name: terms_versions
SELECT version, note, actor, created_at FROM invoice_terms WHERE tenant_id = $1 ORDER BY version DESC LIMIT 500;

-- name: add_terms
INSERT INTO invoice_terms (id, tenant_id, version, key_id, sealed, note, actor) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: begun
-- Series that have given a number: how they began.
SELECT DISTINCT ON (series) series, first, yearly FROM invoice_counter WHERE tenant_id = $1 ORDER BY series, period;

-- name: series
-- What each series has given, counted anew: whole is true when no number is missing.
SELECT c.series, c.period, c.first, c.last, c.last_on, c.yearly, count(i.id) AS issued,
       count(i.id) = c.last - c.first + 1 AS whole
FROM invoice_counter c
LEFT JOIN invoice i ON i.tenant_id = c.tenant_id AND i.series = c.series AND i.period = c.period
WHERE c.tenant_id = $1
GROUP BY c.series, c.period, c.first, c.last, c.last_on, c.yearly
ORDER BY c.series, c.period;

-- name: take_number
-- The next number of a series. The row stays locked until whoever took it commits; a later year begins with 1. The day
-- never goes back, whatever clocks say.
INSERT INTO invoice_counter AS c (tenant_id, series, period, first, last, last_on, yearly)
SELECT $1, $2, $3, f.first, f.first, $5, $6
FROM (SELECT CASE WHEN EXISTS (SELECT 1 FROM invoice_counter o WHERE o.tenant_id = $1 AND o.series = $2
                               AND o.period <> $3) THEN 1 ELSE $4::bigint END AS first) f
ON CONFLICT (tenant_id, series, period) DO UPDATE
SET last = c.last + 1, last_on = greatest(c.last_on, excluded.last_on)
RETURNING last, last_on;

-- name: asked_before
SELECT id, asked_hash FROM invoice WHERE tenant_id = $1 AND ask_key = $2;

-- name: first_of_deal
SELECT id FROM invoice
WHERE tenant_id = $1 AND connection_id = $2 AND deal_id = $3 AND kind = '380' AND again IS NULL;

-- name: add
INSERT INTO invoice (id, tenant_id, kind, state, connection_id, deal_id, again, credits_id, series, currency, net, tax,
                     due, terms_version, rules, key_id, sealed, ask_key, asked_hash, actor)
VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15, $16, $17, $18, $19);

-- name: one
SELECT i.*, c.taken FROM invoice i
LEFT JOIN LATERAL (SELECT sum(n.due) AS taken FROM invoice n WHERE n.credits_id = i.id) c ON true
WHERE i.tenant_id = $1 AND i.id = $2;

-- name: lock
SELECT * FROM invoice WHERE tenant_id = $1 AND id = $2 FOR UPDATE;

-- name: notes
SELECT * FROM invoice WHERE tenant_id = $1 AND credits_id = $2 ORDER BY id;

-- name: page
SELECT i.*, c.taken FROM invoice i
LEFT JOIN LATERAL (SELECT sum(n.due) AS taken FROM invoice n WHERE n.credits_id = i.id) c ON true
WHERE i.tenant_id = $1 AND i.id < $2
  AND ($3::text IS NULL OR i.state = $3) AND ($4::text IS NULL OR i.kind = $4)
  AND ($5::uuid IS NULL OR i.connection_id = $5) AND ($6::text IS NULL OR i.deal_id = $6)
  AND ($7::text IS NULL OR i.series = $7) AND ($8::text IS NULL OR i.number = $8)
  AND ($9::text IS NULL OR i.currency = $9)
  AND ($10::date IS NULL OR i.issued_on >= $10) AND ($11::date IS NULL OR i.issued_on < $11)
  AND ($12::uuid IS NULL OR i.credits_id = $12)
ORDER BY i.id DESC LIMIT $13;

-- name: change
UPDATE invoice
SET revision = revision + 1, series = $3, currency = $4, net = $5, tax = $6, due = $7, terms_version = $8,
    rules = $9::jsonb, key_id = $10, sealed = $11, changed_at = now()
WHERE tenant_id = $1 AND id = $2;

-- name: discard
DELETE FROM invoice WHERE tenant_id = $1 AND id = $2 AND state = 'draft';

-- name: issue
UPDATE invoice
SET state = 'issued', revision = revision + 1, period = $3, sequence = $4, number = $5, issued_on = $6,
    issued_at = now(), key_id = $7, sealed = $8, digest = $9, rules = $10::jsonb, changed_at = now()
WHERE tenant_id = $1 AND id = $2;

-- name: credited
UPDATE invoice SET state = 'credited' WHERE tenant_id = $1 AND id = $2 AND state = 'issued';
