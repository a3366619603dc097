SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t2.id AS "$id", t2.score AS score, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t3.id AS "$id", t3.reason AS reason
FROM risk_factor AS t3
WHERE t3.org_id = $1::UUID AND t3.risk_assessment_id = t2.id ORDER BY t3.id ASC
 LIMIT $3::INTEGER) AS "$")) AS factors
FROM risk_assessment AS t2
WHERE t2.org_id = $1::UUID AND t2.contract_id = t1.id ORDER BY t2.id ASC
 LIMIT $3::INTEGER) AS "$"), 'totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM risk_assessment AS t4
WHERE t4.org_id = $1::UUID AND t4.contract_id = t1.id)) AS "riskAssessments", NULL::json AS lines, NULL::json AS changes, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t5.id AS "$id", t5.title AS title
FROM document AS t5
WHERE t5.org_id = $1::UUID AND t5.contract_id = t1.id ORDER BY t5.id ASC
 LIMIT $3::INTEGER) AS "$")) AS documents, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t6.id AS "$id", (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t7.id AS "$id", t7.legal_name AS "legalName"
FROM contract_party AS t7
WHERE t7.org_id = $1::UUID AND t7.id = t6.responsible_party_id) AS "$") AS "responsibleParty"
FROM obligation AS t6
WHERE t6.org_id = $1::UUID AND t6.contract_id = t1.id ORDER BY t6.id ASC
 LIMIT $3::INTEGER) AS "$")) AS obligations
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.number = $4::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: 50
-- $4: K-1
