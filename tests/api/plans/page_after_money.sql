SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT ranges_t1.id AS "$id", ranges_t1.number AS number, CASE WHEN (ranges_t1.total_value_amount IS NOT NULL) THEN json_build_object('amount', CAST(ranges_t1.total_value_amount AS TEXT), 'currency', ranges_t1.total_value_currency) END AS "totalValue"
FROM ((SELECT t2.id AS id, t2.number AS number, t2.total_value_amount AS total_value_amount, t2.total_value_currency AS total_value_currency
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND (t2.total_value_currency < $2::VARCHAR OR t2.total_value_currency IS NULL AND $2::VARCHAR IS NOT NULL OR t2.total_value_currency IS NOT DISTINCT FROM $2::VARCHAR AND (t2.total_value_amount < $3::NUMERIC OR t2.total_value_amount IS NULL AND $3::NUMERIC IS NOT NULL OR t2.total_value_amount IS NOT DISTINCT FROM $3::NUMERIC AND (t2.number > $4::VARCHAR OR t2.number IS NULL AND $4::VARCHAR IS NOT NULL OR t2.number IS NOT DISTINCT FROM $4::VARCHAR AND t2.id > $5::UUID))) AND t2.total_value_currency <= $2::VARCHAR ORDER BY t2.total_value_currency DESC, t2.total_value_amount DESC NULLS LAST, t2.number ASC NULLS LAST, t2.id ASC
 LIMIT $6::INTEGER) UNION ALL (SELECT t3.id AS id, t3.number AS number, t3.total_value_amount AS total_value_amount, t3.total_value_currency AS total_value_currency
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND (t3.total_value_currency < $2::VARCHAR OR t3.total_value_currency IS NULL AND $2::VARCHAR IS NOT NULL OR t3.total_value_currency IS NOT DISTINCT FROM $2::VARCHAR AND (t3.total_value_amount < $3::NUMERIC OR t3.total_value_amount IS NULL AND $3::NUMERIC IS NOT NULL OR t3.total_value_amount IS NOT DISTINCT FROM $3::NUMERIC AND (t3.number > $4::VARCHAR OR t3.number IS NULL AND $4::VARCHAR IS NOT NULL OR t3.number IS NOT DISTINCT FROM $4::VARCHAR AND t3.id > $5::UUID))) AND t3.total_value_currency IS NULL ORDER BY t3.total_value_currency ASC, t3.total_value_amount DESC NULLS LAST, t3.number ASC NULLS LAST, t3.id ASC
 LIMIT $6::INTEGER)) AS ranges_t1 ORDER BY ranges_t1.total_value_currency DESC NULLS LAST, ranges_t1.total_value_amount DESC NULLS LAST, ranges_t1.number ASC NULLS LAST, ranges_t1.id ASC
 LIMIT $6::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: JPY
-- $3: 5000000
-- $4: K-4
-- $5: 00010001-0000-7000-8000-000000000004
-- $6: 50
