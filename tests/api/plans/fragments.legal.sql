SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", t1.number AS number, CASE WHEN (t1.total_value_amount IS NOT NULL) THEN json_build_object('amount', CAST(t1.total_value_amount AS TEXT), 'currency', t1.total_value_currency) END AS "totalValue", (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t2.id AS "$id", t2.name AS name
FROM account AS t2
WHERE t2.org_id = $1::UUID AND t2.id = t1.account_id) AS "$") AS account, t1.governing_law AS "governingLaw"
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.number = $2::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: K-1
