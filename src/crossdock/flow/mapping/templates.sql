-- name: templates
SELECT t.id, t.name, t.connector, t.entity, t.action, t.created_at,
       (SELECT max(v.version) FROM mapping_template_version v WHERE v.template_id = t.id) AS version,
       (SELECT count(DISTINCT m.route_id) FROM mapping_version m JOIN route r ON r.id = m.route_id
        WHERE m.tenant_id = $1 AND r.ended_at IS NULL AND m.made_of ->> 'template' = t.name
          AND m.version = r.mapping_version) AS routes
FROM mapping_template t WHERE t.tenant_id = $1 ORDER BY t.name LIMIT 500;

-- name: template
SELECT t.id, t.name, t.connector, t.entity, t.action, t.created_at
FROM mapping_template t WHERE t.tenant_id = $1 AND t.name = $2;

-- name: lock_template
SELECT t.id, t.name, t.connector, t.entity, t.action, t.created_at
FROM mapping_template t WHERE t.tenant_id = $1 AND t.name = $2 FOR UPDATE;

-- name: template_version
SELECT v.version, v.document, v.note, v.actor, v.created_at
FROM mapping_template_version v
WHERE v.tenant_id = $1 AND v.template_id = $2 AND ($3::integer IS NULL OR v.version = $3)
ORDER BY v.version DESC LIMIT 1;

-- name: template_versions
SELECT v.version, v.note, v.actor, v.created_at
FROM mapping_template_version v WHERE v.tenant_id = $1 AND v.template_id = $2 ORDER BY v.version DESC LIMIT 200;

-- name: add_template
INSERT INTO mapping_template (id, tenant_id, name, connector, entity, action) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, name) DO NOTHING;

-- name: add_template_version
INSERT INTO mapping_template_version (template_id, version, tenant_id, document, note, actor)
VALUES ($1, $2, $3, $4::jsonb, $5, $6);

-- name: users
-- The routes whose acting mapping is made of a template, with what each has otherwise.
SELECT r.id, r.mapping_version, m.made_of
FROM mapping_version m JOIN route r ON r.id = m.route_id AND r.mapping_version = m.version
WHERE m.tenant_id = $1 AND r.ended_at IS NULL AND m.made_of ->> 'template' = $2
ORDER BY r.id;
