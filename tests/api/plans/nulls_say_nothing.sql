SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t1
WHERE t1.org_id = $2::UUID) AS "totalCount") AS anon_2) AS given, (SELECT row_to_json(anon_3) AS row_to_json_3
FROM (SELECT (SELECT CAST(count(*) AS INTEGER) AS count_2
FROM contract AS t2
WHERE t2.org_id = $2::UUID) AS "totalCount") AS anon_3) AS written) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
