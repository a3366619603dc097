SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT (SELECT coalesce(json_agg(anon_3), '[]'::json) AS coalesce_1
FROM (SELECT t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $2::UUID AND starts_with(lower(t1.number), lower($3::VARCHAR)) ORDER BY t1.id ASC
 LIMIT $4::INTEGER) AS anon_3) AS nodes) AS anon_2) AS many, (SELECT row_to_json(anon_4) AS row_to_json_3
FROM (SELECT (SELECT coalesce(json_agg(anon_5), '[]'::json) AS coalesce_2
FROM (SELECT t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $2::UUID AND t2.side = $5::VARCHAR ORDER BY t2.id ASC
 LIMIT $6::INTEGER) AS anon_5) AS nodes) AS anon_4) AS few) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: K-
-- $4: 50
-- $5: VENDOR
-- $6: 2
