SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT '"ContractConnection"'::json AS __typename, (SELECT coalesce(json_agg(anon_3), '[]'::json) AS coalesce_1
FROM (SELECT t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $2::UUID ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS anon_3) AS nodes) AS anon_2) AS contracts) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: 2
