SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT NULL::json AS "riskAssessments", json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t3.name AS name
FROM product AS t3
WHERE t3.org_id = $1::UUID AND t3.id = t2.product_id) AS "$") AS product
FROM contract_line AS t2
WHERE t2.org_id = $1::UUID AND t2.contract_id = t1.id ORDER BY t2.id ASC
 LIMIT $2::INTEGER) AS "$")) AS lines, NULL::json AS changes, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t4.title AS title
FROM document AS t4
WHERE t4.org_id = $1::UUID AND t4.contract_id = t1.id ORDER BY t4.id ASC
 LIMIT $2::INTEGER) AS "$")) AS documents, NULL::json AS obligations
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.number = $3::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 50
-- $3: K-1
