SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT (SELECT coalesce(json_agg(anon_3), '[]'::json) AS coalesce_1
FROM (SELECT t1.number AS number, CASE WHEN (t1.total_value_amount IS NOT NULL) THEN json_build_object('amount', CAST(t1.total_value_amount AS TEXT), 'currency', t1.total_value_currency) END AS "totalValue"
FROM contract AS t1
WHERE t1.org_id = $2::UUID ORDER BY t1.total_value_currency ASC NULLS LAST, t1.total_value_amount ASC NULLS LAST, t1.id ASC
 LIMIT $3::INTEGER) AS anon_3) AS nodes) AS anon_2) AS money, (SELECT row_to_json(anon_4) AS row_to_json_3
FROM (SELECT (SELECT coalesce(json_agg(anon_5), '[]'::json) AS coalesce_2
FROM (SELECT t2.expiration_date - $4::DATE AS "daysToExpiration"
FROM contract AS t2
WHERE t2.org_id = $2::UUID ORDER BY t2.expiration_date - $4::DATE DESC NULLS LAST, t2.id ASC
 LIMIT $5::INTEGER) AS anon_5) AS nodes) AS anon_4) AS live, (SELECT row_to_json(anon_6) AS row_to_json_4
FROM (SELECT (SELECT coalesce(json_agg(anon_7), '[]'::json) AS coalesce_3
FROM (SELECT t3.type AS type, t3.status AS status
FROM contract AS t3
WHERE t3.org_id = $2::UUID ORDER BY t3.type DESC NULLS LAST, t3.status ASC NULLS LAST, t3.id ASC
 LIMIT $3::INTEGER) AS anon_7) AS nodes) AS anon_6) AS given) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: 50
-- $4: 2026-11-21
-- $5: 3
