SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('money', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number, CASE WHEN (t1.total_value_amount IS NOT NULL) THEN json_build_object('amount', CAST(t1.total_value_amount AS TEXT), 'currency', t1.total_value_currency) END AS "totalValue"
FROM contract AS t1
WHERE t1.org_id = $1::UUID ORDER BY t1.total_value_currency ASC NULLS LAST, t1.total_value_amount ASC NULLS LAST, t1.id ASC
 LIMIT $2::INTEGER) AS "$")), 'live', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t2.id AS "$id", t2.expiration_date - $3::DATE AS "daysToExpiration"
FROM contract AS t2
WHERE t2.org_id = $1::UUID ORDER BY t2.expiration_date - $3::DATE DESC NULLS LAST, t2.id ASC
 LIMIT $4::INTEGER) AS "$")), 'given', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t3.id AS "$id", t3.type AS type, t3.status AS status
FROM contract AS t3
WHERE t3.org_id = $1::UUID ORDER BY t3.type DESC NULLS LAST, t3.status ASC NULLS LAST, t3.id ASC
 LIMIT $2::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 50
-- $3: 2026-11-21
-- $4: 3
