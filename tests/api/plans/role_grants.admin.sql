SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('roleGrants', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM role_grant AS t2
WHERE t2.org_id = $1::UUID AND t2.holder_kind = ANY ($2::TEXT[]) AND (t2.revoked_at IS NULL) = $3::BOOLEAN), 'nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.role AS role, t1.holder_kind AS "holderKind", t1.holder_id AS "holderId", t1.granted_by AS "grantedBy", t1.granted_at AS "grantedAt", t1.reason AS reason, t1.ends_at AS "endsAt", t1.revoked_by AS "revokedBy"
FROM role_grant AS t1
WHERE t1.org_id = $1::UUID AND t1.holder_kind = ANY ($2::TEXT[]) AND (t1.revoked_at IS NULL) = $3::BOOLEAN ORDER BY t1.granted_at DESC NULLS LAST, t1.id ASC
 LIMIT $4::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: ['PROFILE', 'PERMISSION_SET']
-- $3: True
-- $4: 2
