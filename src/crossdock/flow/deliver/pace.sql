-- name: note_pace
INSERT INTO lane_pace AS p (lane_id, tenant_id, minute, bucket, count)
SELECT k.lane_id, k.tenant_id, date_trunc('minute', now()), k.bucket, k.count
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::bigint[]) AS k(lane_id, tenant_id, bucket, count)
ORDER BY k.lane_id, k.bucket
ON CONFLICT (lane_id, minute, bucket) DO UPDATE SET count = p.count + EXCLUDED.count;
