-- name: note_hooks
UPDATE hook h
SET heard_at = coalesce(n.heard_at, h.heard_at),
    failed = n.failed + CASE WHEN n.heard_at IS NULL THEN h.failed ELSE 0 END,
    refused = n.refused + CASE WHEN n.heard_at IS NULL THEN h.refused ELSE 0 END,
    refused_at = coalesce(n.refused_at, h.refused_at)
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[], $5::int[], $6::timestamptz[])
     AS n(connection_id, vendor_id, heard_at, failed, refused, refused_at)
WHERE h.connection_id = n.connection_id AND h.vendor_id = n.vendor_id;

-- name: note_strangers
UPDATE watch w SET strangers = w.strangers + n.count, stranger_site = n.address
FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS n(connection_id, count, address)
WHERE w.connection_id = n.connection_id;
