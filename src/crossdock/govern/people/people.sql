-- name: tenants_of
SELECT tenant_id FROM membership WHERE person_id = $1 AND accepted_at IS NOT NULL;

-- name: anybody
SELECT EXISTS (SELECT 1 FROM person);

-- name: alone
-- One at a time asks whether there is anybody, or counts the owners of a tenant.
SELECT pg_advisory_xact_lock(hashtextextended('crossdock:people:' || $1::text, 0));

-- name: seat
-- A session by its token, with the person and all of his seats; $2: the tenant asked for, null: the one used last.
WITH session AS MATERIALIZED (
    SELECT s.id, s.person_id, s.seen_at, s.confirmed_at > now() - $4::interval AS fresh,
           least(s.expires_at, now() + $3::interval) AS expires_at,
           p.sealed, p.zone, p.theme, p.last_tenant_id
    FROM person_session s JOIN person p ON p.id = s.person_id
    WHERE s.token_hash = $1 AND s.expires_at > now() AND s.seen_at > now() - $3::interval AND p.disabled_at IS NULL
), seats AS MATERIALIZED (
    SELECT t.tenant_id, t.slug, t.name, m.role, t.tenant_id = s.last_tenant_id AS last
    FROM session s JOIN membership m ON m.person_id = s.person_id JOIN tenant t ON t.tenant_id = m.tenant_id
    WHERE m.accepted_at IS NOT NULL
), chosen AS MATERIALIZED (
    SELECT * FROM seats WHERE $2::text IS NULL OR slug = $2 ORDER BY last DESC NULLS LAST, name, slug LIMIT 1
), used AS (
    UPDATE person SET last_tenant_id = (SELECT tenant_id FROM chosen)
    WHERE id = (SELECT person_id FROM session) AND EXISTS (SELECT 1 FROM chosen WHERE last IS NOT TRUE)
    RETURNING 1
), seen AS (
    -- not at every page: a minute more or less is nothing to a session that sleeps after hours. After the person, as
    -- a change of password locks them: two that go the other way round would wait for each other
    UPDATE person_session SET seen_at = now()
    WHERE id = (SELECT id FROM session WHERE seen_at < now() - interval '1 minute')
      AND (SELECT count(*) FROM used) >= 0
)
SELECT s.id, s.person_id, s.sealed, s.zone, s.theme, s.fresh, s.expires_at, c.tenant_id, c.slug, c.name, c.role,
       (SELECT array_agg(slug ORDER BY name, slug) FROM seats) AS slugs,
       (SELECT array_agg(name ORDER BY name, slug) FROM seats) AS names,
       (SELECT array_agg(role ORDER BY name, slug) FROM seats) AS roles
FROM session s LEFT JOIN chosen c ON true;

-- name: person_by_email
SELECT p.id, p.sealed, p.password_hash, p.disabled_at IS NOT NULL AS disabled,
       EXISTS (SELECT 1 FROM person_totp t WHERE t.id = p.id AND t.confirmed_at IS NOT NULL) AS totp
FROM person p WHERE p.email_hash = $1;

-- name: person
SELECT p.id, p.sealed, p.password_hash, p.password_at, p.zone, p.theme, p.disabled_at, p.created_at,
       EXISTS (SELECT 1 FROM person_totp t WHERE t.id = p.id AND t.confirmed_at IS NOT NULL) AS totp
FROM person p WHERE p.id = $1;

-- name: add_person
INSERT INTO person (id, email_hash, key_id, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (email_hash) DO NOTHING
RETURNING id;

-- name: set_password
UPDATE person SET password_hash = $2, password_at = now() WHERE id = $1;

-- name: rehash
-- Only what was just verified: a password that was changed meanwhile stays.
UPDATE person SET password_hash = $3 WHERE id = $1 AND password_hash = $2;

-- name: set_named
UPDATE person SET email_hash = $2, key_id = $3, sealed = $4 WHERE id = $1;

-- name: add_session
INSERT INTO person_session (id, person_id, token_hash, agent, expires_at)
SELECT $1, p.id, $3, $4, now() + $5::interval FROM person p
-- what was verified still holds, and goes on to until the commit: nobody disabled him, nobody changed the password
WHERE p.id = $2 AND p.disabled_at IS NULL AND p.password_hash = $6 FOR SHARE OF p
RETURNING expires_at;

-- name: end_session
DELETE FROM person_session WHERE token_hash = $1 RETURNING person_id;

-- name: sessions_of
SELECT id, agent, created_at, seen_at, least(expires_at, seen_at + $2::interval) AS expires_at
FROM person_session WHERE person_id = $1 AND expires_at > now() AND seen_at > now() - $2::interval
ORDER BY seen_at DESC, id DESC;

-- name: revoke_session
DELETE FROM person_session WHERE person_id = $1 AND id = $2 RETURNING id;

-- name: revoke_sessions
-- All but $2.
WITH gone AS (DELETE FROM person_session WHERE person_id = $1 AND ($2::uuid IS NULL OR id <> $2) RETURNING 1)
SELECT count(*) FROM gone;

-- name: session_for_change
SELECT s.person_id, p.email_hash, p.password_hash, p.sealed, s.confirmed_at > now() - $3::interval AS fresh
FROM person_session s JOIN person p ON p.id = s.person_id
WHERE s.token_hash = $1 AND s.expires_at > now() AND s.seen_at > now() - $2::interval AND p.disabled_at IS NULL;

-- name: turn_session
-- The same session under another token; $3: the password was given for it.
UPDATE person_session SET token_hash = $2, seen_at = now(),
                          confirmed_at = CASE WHEN $3::boolean THEN now() ELSE confirmed_at END
WHERE token_hash = $1
RETURNING id, person_id, expires_at;

-- name: ticket
SELECT p.id, p.email_hash, p.password_hash FROM person_link l JOIN person p ON p.id = l.person_id
WHERE l.kind = 'login' AND l.token_hash = $1 AND l.expires_at > now()
  AND p.disabled_at IS NULL AND p.password_hash IS NOT NULL;

-- name: drop_links
-- The older ones of the same kind for the same end.
DELETE FROM person_link
WHERE kind = $1 AND person_id IS NOT DISTINCT FROM $2 AND tenant_id IS NOT DISTINCT FROM $3;

-- name: add_link
INSERT INTO person_link (id, kind, token_hash, person_id, tenant_id, made_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval);

-- name: link
SELECT l.person_id, l.expires_at, p.sealed, p.password_hash IS NOT NULL AS known,
       p.disabled_at IS NOT NULL AS disabled, t.slug, t.name AS tenant
FROM person_link l LEFT JOIN person p ON p.id = l.person_id LEFT JOIN tenant t ON t.tenant_id = l.tenant_id
WHERE l.kind = $1 AND l.token_hash = $2 AND l.expires_at > now();

-- name: take_link
-- Whoever deletes the row has it: of two at the same moment, one.
DELETE FROM person_link WHERE kind = $1 AND token_hash = $2 AND expires_at > now()
RETURNING person_id, tenant_id;

-- name: link_tenant_slug
SELECT slug FROM tenant WHERE tenant_id = $1;

-- name: add_membership
INSERT INTO membership (tenant_id, person_id, role, invited_by, accepted_at)
VALUES ($1, $2, $3, $4, CASE WHEN $5::boolean THEN now() END)
ON CONFLICT (tenant_id, person_id) DO NOTHING RETURNING 1;

-- name: accept
UPDATE membership SET accepted_at = now() WHERE tenant_id = $1 AND person_id = $2 AND accepted_at IS NULL RETURNING role;

-- name: count_try
-- Counted before it is judged, so that a hundred at once are a hundred; no row: this one is not let through.
INSERT INTO login_guard AS g (key_hash, failures) VALUES ($1, 1)
ON CONFLICT (key_hash) DO UPDATE
SET failures = CASE WHEN g.last_at < now() - $5::interval THEN 1 ELSE g.failures + 1 END,
    last_at = now(),
    locked_until = CASE WHEN g.last_at >= now() - $5::interval AND g.failures + 1 >= $2::int
                        THEN now() + least($3::interval * (2.0 ^ least(g.failures + 1 - $2::int, 30)), $4::interval) END
WHERE g.locked_until IS NULL OR g.locked_until <= now()
RETURNING failures;

-- name: locked_until
SELECT locked_until FROM login_guard WHERE key_hash = $1 AND locked_until > now();

-- name: take_back_try
UPDATE login_guard SET failures = greatest(failures - 1, 0), locked_until = NULL WHERE key_hash = $1;

-- name: forgive
DELETE FROM login_guard WHERE key_hash = $1;

-- name: totp
SELECT sealed, last_step, confirmed_at IS NOT NULL AS confirmed FROM person_totp WHERE id = $1;

-- name: take_step
-- A code is good once, whoever else brings it at the same moment; nor are those before it.
UPDATE person_totp SET last_step = $2 WHERE id = $1 AND confirmed_at IS NOT NULL AND last_step < $2 RETURNING 1;

-- name: take_recovery
UPDATE recovery_code SET used_at = now() WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING 1;

-- name: set_first_password
UPDATE person SET password_hash = $2, password_at = now()
WHERE id = $1 AND password_hash IS NULL AND disabled_at IS NULL RETURNING 1;

-- name: renew_password
UPDATE person SET password_hash = $2, password_at = now()
WHERE id = $1 AND disabled_at IS NULL AND password_hash IS NOT NULL RETURNING 1;

-- name: forget_tickets
DELETE FROM person_link WHERE kind = 'login' AND person_id = $1;

-- name: members
SELECT m.person_id, m.role, m.invited_at, m.accepted_at, p.sealed, p.disabled_at,
       EXISTS (SELECT 1 FROM person_totp t WHERE t.id = p.id AND t.confirmed_at IS NOT NULL) AS totp,
       (SELECT max(s.seen_at) FROM person_session s WHERE s.person_id = p.id) AS seen_at
FROM membership m JOIN person p ON p.id = m.person_id
WHERE m.tenant_id = $1 AND ($2::uuid IS NULL OR m.person_id = $2);

-- name: membership_for_change
SELECT role, accepted_at IS NOT NULL AS accepted FROM membership WHERE tenant_id = $1 AND person_id = $2 FOR UPDATE;

-- name: other_owner
-- Whether a tenant has another owner who can log in.
SELECT EXISTS (
    SELECT 1 FROM membership m JOIN person p ON p.id = m.person_id
    WHERE m.tenant_id = $1 AND m.person_id <> $2 AND m.role = 'owner' AND m.accepted_at IS NOT NULL
      AND p.disabled_at IS NULL AND p.password_hash IS NOT NULL
);

-- name: set_role
UPDATE membership SET role = $3 WHERE tenant_id = $1 AND person_id = $2;

-- name: drop_membership
DELETE FROM membership WHERE tenant_id = $1 AND person_id = $2;

-- name: drop_invitations
DELETE FROM person_link WHERE kind = 'invite' AND tenant_id = $1 AND person_id = $2;

-- name: reinvite
UPDATE membership SET role = $3, invited_by = $4, invited_at = now()
WHERE tenant_id = $1 AND person_id = $2 AND accepted_at IS NULL RETURNING 1;

-- name: drop_nobody
-- A person who was invited, never entered, and has no seat left.
DELETE FROM person p WHERE p.id = $1 AND p.password_hash IS NULL
  AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.id);

-- name: owned
SELECT m.tenant_id, t.slug FROM membership m JOIN tenant t ON t.tenant_id = m.tenant_id
WHERE m.person_id = $1 AND m.role = 'owner' AND m.accepted_at IS NOT NULL ORDER BY m.tenant_id;

-- name: disable
UPDATE person SET disabled_at = now() WHERE id = $1 AND disabled_at IS NULL RETURNING 1;

-- name: enable
UPDATE person SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL RETURNING 1;

-- name: mail_channel
-- The first e-mail channel that works, of the tenants named or of the tenant with this slug; the latter first.
SELECT c.id, c.tenant_id FROM alert_channel c JOIN tenant t ON t.tenant_id = c.tenant_id
WHERE c.kind = 'email' AND c.enabled AND (c.tenant_id = ANY($1::uuid[]) OR t.slug = $2::text)
ORDER BY t.slug = $2::text DESC NULLS LAST, c.failing_since IS NOT NULL, c.name LIMIT 1;

-- name: describe
UPDATE person SET key_id = $2, sealed = $3, zone = $4, theme = $5 WHERE id = $1;

-- name: person_for_change
SELECT id, email_hash, sealed, password_hash, zone, theme FROM person WHERE id = $1 AND disabled_at IS NULL FOR UPDATE;

-- name: change_password
-- Only the one that was verified.
UPDATE person SET password_hash = $3, password_at = now() WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL
RETURNING 1;

-- name: taken
SELECT EXISTS (SELECT 1 FROM person WHERE email_hash = $1 AND id <> $2);

-- name: plan_totp
-- A secret that was shown and not proven yet is replaced.
INSERT INTO person_totp AS t (id, key_id, sealed) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET key_id = $2, sealed = $3, created_at = now(), last_step = 0
WHERE t.confirmed_at IS NULL RETURNING 1;

-- name: confirm_totp
UPDATE person_totp SET confirmed_at = now(), last_step = $2 WHERE id = $1 AND sealed = $3 AND confirmed_at IS NULL
RETURNING 1;

-- name: drop_totp
DELETE FROM person_totp WHERE id = $1 RETURNING confirmed_at IS NOT NULL AS confirmed;

-- name: drop_recovery
DELETE FROM recovery_code WHERE person_id = $1;

-- name: add_recovery
INSERT INTO recovery_code (person_id, code_hash) SELECT $1, unnest($2::bytea[]);

-- name: recovery_left
SELECT count(*) FROM recovery_code WHERE person_id = $1 AND used_at IS NULL;

-- name: drop_person_links
-- A link to another address is good no more.
DELETE FROM person_link WHERE person_id = $1 AND kind IN ('reset', 'login');

-- name: expired
WITH sessions AS (
    DELETE FROM person_session WHERE expires_at < now() OR seen_at < now() - $1::interval RETURNING 1
), links AS (
    DELETE FROM person_link WHERE expires_at < now() RETURNING 1
), guards AS (
    DELETE FROM login_guard WHERE last_at < now() - $2::interval AND (locked_until IS NULL OR locked_until < now())
    RETURNING 1
)
SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM links) + (SELECT count(*) FROM guards);

-- name: tenant_name
SELECT name FROM tenant WHERE tenant_id = $1;

-- name: forget_person
-- The row is locked first: a membership that is being added waits, and fails with the person gone.
DELETE FROM person p WHERE p.id = (SELECT id FROM person WHERE id = $1 FOR UPDATE)
  AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.id)
RETURNING 1;
