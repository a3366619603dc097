SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.type = $2::VARCHAR) AS "totalCount", '"ContractConnection"'::json AS __typename) AS "$") AS contracts) AS "$") AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: MSA
