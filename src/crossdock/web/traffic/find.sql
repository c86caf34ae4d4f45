-- What a search names, each found along an index.

-- name: by_subject
-- Records about a person, by the keyed hash of an address.
SELECT r.id, r.stream, r.external_id, r.code, r.status, r.connection_id, c.name AS connection, r.placed_at
FROM record r JOIN connection c ON c.id = r.connection_id
WHERE r.tenant_id = $1 AND r.subject = $2
ORDER BY (r.stream = 'customer') DESC, r.id DESC LIMIT $3;

-- name: by_name
-- Records by what people call them or by the source's id.
SELECT r.id, r.stream, r.external_id, r.code, r.status, r.connection_id, c.name AS connection, r.placed_at
FROM (
    SELECT n.* FROM unnest($3::text[]) AS s(stream)
         JOIN record n ON n.tenant_id = $1 AND n.stream = s.stream AND n.code = $2 AND n.code <> ''
    UNION
    SELECT n.* FROM connection o CROSS JOIN unnest($3::text[]) AS s(stream)
         JOIN record n ON n.connection_id = o.id AND n.stream = s.stream AND n.external_id = $2
    WHERE o.tenant_id = $1 AND n.tenant_id = $1
) AS r JOIN connection c ON c.id = r.connection_id
ORDER BY (r.stream = 'order') DESC, (r.code = $2) DESC, r.id DESC LIMIT $4;

-- name: by_sku
SELECT l.hub_sku, count(*) AS links FROM sku_link l WHERE l.tenant_id = $1 AND l.hub_sku = $2 GROUP BY l.hub_sku;

-- name: record
SELECT r.id, r.stream, r.external_id, r.connection_id FROM record r WHERE r.tenant_id = $1 AND r.id = $2;
