SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('many', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND starts_with(lower(t1.number), lower($2::VARCHAR)) ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$")), 'few', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t2.id AS "$id", t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.side = $4::VARCHAR ORDER BY t2.id ASC
 LIMIT $5::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: K-
-- $3: 50
-- $4: VENDOR
-- $5: 2
