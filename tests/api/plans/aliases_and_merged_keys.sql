SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT t1.title AS name, t1.title AS title
FROM contract AS t1
WHERE t1.org_id = $2::UUID AND t1.number = $3::VARCHAR) AS anon_2) AS first, (SELECT row_to_json(anon_3) AS row_to_json_3
FROM (SELECT (SELECT row_to_json(anon_4) AS row_to_json_4
FROM (SELECT t3.name AS name, t3.industry AS id
FROM account AS t3
WHERE t3.org_id = $2::UUID AND t3.id = t2.account_id) AS anon_4) AS account, t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $2::UUID AND t2.number = $4::VARCHAR) AS anon_3) AS contract) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: K-1
-- $4: K-2
