SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT (SELECT coalesce(json_agg(anon_3), '[]'::json) AS coalesce_1
FROM (SELECT t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $2::UUID AND (t1.type = $3::VARCHAR OR t1.side = $4::VARCHAR AND (t1.status = ANY ($5::TEXT[])) IS NOT true) AND ((t1.number IS NULL) = $6::BOOLEAN) IS NOT true ORDER BY t1.id ASC
 LIMIT $7::INTEGER) AS anon_3) AS nodes) AS anon_2) AS mixed, (SELECT row_to_json(anon_4) AS row_to_json_3
FROM (SELECT (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t2
WHERE t2.org_id = $2::UUID AND false) AS "totalCount") AS anon_4) AS none, (SELECT row_to_json(anon_5) AS row_to_json_4
FROM (SELECT (SELECT CAST(count(*) AS INTEGER) AS count_2
FROM contract AS t3
WHERE t3.org_id = $2::UUID AND true AND false IS NOT true) AS "totalCount") AS anon_5) AS "all", (SELECT row_to_json(anon_6) AS row_to_json_5
FROM (SELECT (SELECT coalesce(json_agg(anon_7), '[]'::json) AS coalesce_2
FROM (SELECT t4.number AS number
FROM contract AS t4
WHERE t4.org_id = $2::UUID AND (t4.expiration_date > $8::DATE) IS NOT true ORDER BY t4.id ASC
 LIMIT $7::INTEGER) AS anon_7) AS nodes) AS anon_6) AS unknown) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: NDA
-- $4: CUSTOMER
-- $5: ['ACTIVE', 'TERMINATED']
-- $6: True
-- $7: 50
-- $8: 2000-01-01
