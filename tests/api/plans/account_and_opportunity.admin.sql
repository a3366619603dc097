SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('account', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", t1.name AS name, t1.billing_city AS "billingCity", (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t2.id AS "$id", t2.name AS name, NULL::json AS email
FROM "user" AS t2
WHERE t2.org_id = $1::UUID AND t2.id = t1.owner_id) AS "$") AS owner, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t3.id AS "$id", t3.name AS name, NULL::json AS email, NULL::json AS phone
FROM contact AS t3
WHERE t3.org_id = $1::UUID AND t3.account_id = t1.id ORDER BY t3.name ASC NULLS LAST, t3.id ASC
 LIMIT $2::INTEGER) AS "$")) AS contacts
FROM account AS t1
WHERE t1.org_id = $1::UUID AND t1.salesforce_id = $3::VARCHAR) AS "$"), 'opportunity', (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t4.id AS "$id", t4.name AS name, t4.stage_category AS "stageCategory", NULL::json AS "closeDate", NULL::json AS amount, NULL::json AS lines
FROM opportunity AS t4
WHERE t4.org_id = $1::UUID AND t4.salesforce_id = $4::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 50
-- $3: 001Hs00000AAAAAIA5
-- $4: 006Hs00000AAAAAIA5
