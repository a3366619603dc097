SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT t1.name AS name, t1.billing_city AS "billingCity", (SELECT row_to_json(anon_3) AS row_to_json_3
FROM (SELECT t2.name AS name, NULL::json AS email
FROM "user" AS t2
WHERE t2.org_id = $2::UUID AND t2.id = t1.owner_id) AS anon_3) AS owner, (SELECT row_to_json(anon_4) AS row_to_json_4
FROM (SELECT (SELECT coalesce(json_agg(anon_5), '[]'::json) AS coalesce_1
FROM (SELECT t3.name AS name, NULL::json AS email, NULL::json AS phone
FROM contact AS t3
WHERE t3.org_id = $2::UUID AND t3.account_id = t1.id ORDER BY t3.name ASC NULLS LAST, t3.id ASC
 LIMIT $3::INTEGER) AS anon_5) AS nodes) AS anon_4) AS contacts
FROM account AS t1
WHERE t1.org_id = $2::UUID AND t1.salesforce_id = $4::VARCHAR) AS anon_2) AS account, (SELECT row_to_json(anon_6) AS row_to_json_5
FROM (SELECT t4.name AS name, t4.stage_category AS "stageCategory", NULL::json AS "closeDate", NULL::json AS amount, NULL::json AS lines
FROM opportunity AS t4
WHERE t4.org_id = $2::UUID AND t4.salesforce_id = $5::VARCHAR) AS anon_6) AS opportunity) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: 50
-- $4: 001Hs00000AAAAAIA5
-- $5: 006Hs00000AAAAAIA5
