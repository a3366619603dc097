SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('range', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.total_value_currency = $2::VARCHAR AND t1.total_value_amount >= $3::NUMERIC AND t1.total_value_amount < $4::NUMERIC ORDER BY t1.id ASC
 LIMIT $5::INTEGER) AS "$")), 'currency', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t2.id AS "$id", t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.total_value_currency = $6::VARCHAR ORDER BY t2.id ASC
 LIMIT $5::INTEGER) AS "$")), 'equal', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t3.id AS "$id", t3.number AS number
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND t3.total_value_currency = $7::VARCHAR AND t3.total_value_amount = $8::NUMERIC ORDER BY t3.id ASC
 LIMIT $5::INTEGER) AS "$")), 'above', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t4.id AS "$id", t4.number AS number
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND t4.total_value_currency = $2::VARCHAR AND t4.total_value_amount > $9::NUMERIC AND t4.total_value_amount <= $10::NUMERIC ORDER BY t4.id ASC
 LIMIT $5::INTEGER) AS "$")), 'absent', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND (t5.total_value_amount IS NULL) = $11::BOOLEAN)), 'percent', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_5
FROM (SELECT t6.id AS "$id", CAST(t6.discount_percent AS TEXT) AS "discountPercent"
FROM contract AS t6
WHERE t6.org_id = $1::UUID AND t6.discount_percent > $12::NUMERIC ORDER BY t6.id ASC
 LIMIT $5::INTEGER) AS "$")), 'score', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_6
FROM (SELECT t7.id AS "$id", t7.risk_score AS "riskScore"
FROM contract AS t7
WHERE t7.org_id = $1::UUID AND t7.risk_score <= $13::INTEGER ORDER BY t7.id ASC
 LIMIT $5::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: EUR
-- $3: 100000
-- $4: 120000.01
-- $5: 50
-- $6: JPY
-- $7: USD
-- $8: 80000
-- $9: 80000.00
-- $10: 5000000
-- $11: True
-- $12: 7.4
-- $13: 12
