SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('account', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", t1.name AS name, t1.billing_city AS "billingCity", (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t2.id AS "$id", t2.name AS name, to_json(t2.email_clear) AS email
FROM "user" AS t2
WHERE t2.org_id = $1::UUID AND t2.id = t1.owner_id) AS "$") AS owner, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t3.id AS "$id", t3.name AS name, to_json(t3.email_clear) AS email, to_json(t3.phone_clear) AS phone
FROM contact AS t3
WHERE t3.org_id = $1::UUID AND t3.account_id = t1.id ORDER BY t3.name ASC NULLS LAST, t3.id ASC
 LIMIT $2::INTEGER) AS "$")) AS contacts
FROM account AS t1
WHERE t1.org_id = $1::UUID AND t1.salesforce_id = $3::VARCHAR) AS "$"), 'opportunity', (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t4.id AS "$id", t4.name AS name, t4.stage_category AS "stageCategory", t4.close_date AS "closeDate", CASE WHEN (t4.amount_amount IS NOT NULL) THEN json_build_object('amount', CAST(t4.amount_amount AS TEXT)) END AS amount, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t5.id AS "$id", CAST(t5.quantity AS TEXT) AS quantity, CASE WHEN (t5.total_amount IS NOT NULL) THEN json_build_object('amount', CAST(t5.total_amount AS TEXT)) END AS total, (SELECT row_to_json("$") AS row_to_json_4
FROM (SELECT t6.id AS "$id", t6.code AS code, CASE WHEN (t6.list_price_amount IS NOT NULL) THEN json_build_object('amount', CAST(t6.list_price_amount AS TEXT)) END AS "listPrice"
FROM product AS t6
WHERE t6.org_id = $1::UUID AND t6.id = t5.product_id) AS "$") AS product
FROM opportunity_line AS t5
WHERE t5.org_id = $1::UUID AND t5.opportunity_id = t4.id ORDER BY t5.id ASC
 LIMIT $2::INTEGER) AS "$")) AS lines
FROM opportunity AS t4
WHERE t4.org_id = $1::UUID AND t4.salesforce_id = $4::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 50
-- $3: 001Hs00000AAAAAIA5
-- $4: 006Hs00000AAAAAIA5
