-- name: version
SELECT document FROM mapping_version WHERE tenant_id = $1 AND route_id = $2 AND version = $3;
