SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT (SELECT coalesce(json_agg(anon_3), '[]'::json) AS coalesce_1
FROM (SELECT t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $2::UUID AND t1.total_value_currency = $3::VARCHAR AND t1.total_value_amount >= $4::NUMERIC AND t1.total_value_amount < $5::NUMERIC ORDER BY t1.id ASC
 LIMIT $6::INTEGER) AS anon_3) AS nodes) AS anon_2) AS range, (SELECT row_to_json(anon_4) AS row_to_json_3
FROM (SELECT (SELECT coalesce(json_agg(anon_5), '[]'::json) AS coalesce_2
FROM (SELECT t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $2::UUID AND t2.total_value_currency = $7::VARCHAR ORDER BY t2.id ASC
 LIMIT $6::INTEGER) AS anon_5) AS nodes) AS anon_4) AS currency, (SELECT row_to_json(anon_6) AS row_to_json_4
FROM (SELECT (SELECT coalesce(json_agg(anon_7), '[]'::json) AS coalesce_3
FROM (SELECT t3.number AS number
FROM contract AS t3
WHERE t3.org_id = $2::UUID AND t3.total_value_currency = $8::VARCHAR AND t3.total_value_amount = $9::NUMERIC ORDER BY t3.id ASC
 LIMIT $6::INTEGER) AS anon_7) AS nodes) AS anon_6) AS equal, (SELECT row_to_json(anon_8) AS row_to_json_5
FROM (SELECT (SELECT coalesce(json_agg(anon_9), '[]'::json) AS coalesce_4
FROM (SELECT t4.number AS number
FROM contract AS t4
WHERE t4.org_id = $2::UUID AND t4.total_value_currency = $3::VARCHAR AND t4.total_value_amount > $10::NUMERIC AND t4.total_value_amount <= $11::NUMERIC ORDER BY t4.id ASC
 LIMIT $6::INTEGER) AS anon_9) AS nodes) AS anon_8) AS above, (SELECT row_to_json(anon_10) AS row_to_json_6
FROM (SELECT (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t5
WHERE t5.org_id = $2::UUID AND (t5.total_value_amount IS NULL) = $12::BOOLEAN) AS "totalCount") AS anon_10) AS absent, (SELECT row_to_json(anon_11) AS row_to_json_7
FROM (SELECT (SELECT coalesce(json_agg(anon_12), '[]'::json) AS coalesce_5
FROM (SELECT CAST(t6.discount_percent AS TEXT) AS "discountPercent"
FROM contract AS t6
WHERE t6.org_id = $2::UUID AND t6.discount_percent > $13::NUMERIC ORDER BY t6.id ASC
 LIMIT $6::INTEGER) AS anon_12) AS nodes) AS anon_11) AS percent, (SELECT row_to_json(anon_13) AS row_to_json_8
FROM (SELECT (SELECT coalesce(json_agg(anon_14), '[]'::json) AS coalesce_6
FROM (SELECT t7.risk_score AS "riskScore"
FROM contract AS t7
WHERE t7.org_id = $2::UUID AND t7.risk_score <= $14::INTEGER ORDER BY t7.id ASC
 LIMIT $6::INTEGER) AS anon_14) AS nodes) AS anon_13) AS score) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: EUR
-- $4: 100000
-- $5: 120000.01
-- $6: 50
-- $7: JPY
-- $8: USD
-- $9: 80000
-- $10: 80000.00
-- $11: 5000000
-- $12: True
-- $13: 7.4
-- $14: 12
