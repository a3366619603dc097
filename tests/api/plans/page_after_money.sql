SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT (SELECT coalesce(json_agg(anon_3), '[]'::json) AS coalesce_1
FROM (SELECT t1.number AS number, CASE WHEN (t1.total_value_amount IS NOT NULL) THEN json_build_object('amount', CAST(t1.total_value_amount AS TEXT), 'currency', t1.total_value_currency) END AS "totalValue"
FROM contract AS t1
WHERE t1.org_id = $2::UUID AND (t1.total_value_currency < $3::VARCHAR OR t1.total_value_currency IS NULL AND $3::VARCHAR IS NOT NULL OR t1.total_value_currency IS NOT DISTINCT FROM $3::VARCHAR AND (t1.total_value_amount < $4::NUMERIC OR t1.total_value_amount IS NULL AND $4::NUMERIC IS NOT NULL OR t1.total_value_amount IS NOT DISTINCT FROM $4::NUMERIC AND (t1.number > $5::VARCHAR OR t1.number IS NULL AND $5::VARCHAR IS NOT NULL OR t1.number IS NOT DISTINCT FROM $5::VARCHAR AND t1.id > $6::UUID))) ORDER BY t1.total_value_currency DESC NULLS LAST, t1.total_value_amount DESC NULLS LAST, t1.number ASC NULLS LAST, t1.id ASC
 LIMIT $7::INTEGER) AS anon_3) AS nodes) AS anon_2) AS contracts) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: JPY
-- $4: 5000000
-- $5: K-4
-- $6: 00010001-0000-7000-8000-000000000004
-- $7: 50
