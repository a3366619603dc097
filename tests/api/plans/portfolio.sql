SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('portfolio', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT '"Portfolio"'::json AS __typename, (SELECT CAST(coalesce(sum(cells_t1.contracts), 0) AS INTEGER) AS coalesce_1
FROM (SELECT NULL AS key, count(*) AS contracts
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND true GROUP BY 1) AS cells_t1) AS count, (SELECT coalesce(json_agg(json_build_object('currency', cells_t2.currency, 'amount', CAST(cells_t2.amount AS TEXT), 'count', CAST(cells_t2.contracts AS INTEGER)) ORDER BY cells_t2.currency) FILTER (WHERE cells_t2.currency IS NOT NULL), '[]'::json) AS coalesce_2
FROM (SELECT NULL AS key, count(*) AS contracts, t2.total_value_currency AS currency, sum(t2.total_value_amount) AS amount
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND true GROUP BY 1, 3) AS cells_t2) AS totals, (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT cells_t3.key AS status, CAST(coalesce(sum(cells_t3.contracts), 0) AS INTEGER) AS count, coalesce(json_agg(json_build_object('__typename', '"CurrencyTotal"'::json, 'amount', CAST(cells_t3.amount AS TEXT)) ORDER BY cells_t3.currency) FILTER (WHERE cells_t3.currency IS NOT NULL), '[]'::json) AS totals
FROM (SELECT t3.status AS key, count(*) AS contracts, t3.total_value_currency AS currency, sum(t3.total_value_amount) AS amount
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND true GROUP BY 1, 3) AS cells_t3 GROUP BY cells_t3.key ORDER BY cells_t3.key ASC NULLS LAST) AS "$") AS "byStatus", (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT cells_t4.key AS type, CAST(coalesce(sum(cells_t4.contracts), 0) AS INTEGER) AS count
FROM (SELECT t4.type AS key, count(*) AS contracts
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND true GROUP BY 1) AS cells_t4 GROUP BY cells_t4.key ORDER BY cells_t4.key ASC NULLS LAST) AS "$") AS "byType", (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_5
FROM (SELECT cells_t5.key AS month, CAST(coalesce(sum(cells_t5.contracts), 0) AS INTEGER) AS count, coalesce(json_agg(json_build_object('currency', cells_t5.currency, 'amount', CAST(cells_t5.amount AS TEXT)) ORDER BY cells_t5.currency) FILTER (WHERE cells_t5.currency IS NOT NULL), '[]'::json) AS totals
FROM (SELECT CAST(date_trunc('month', CAST(t5.expiration_date AS TIMESTAMP WITHOUT TIME ZONE)) AS DATE) AS key, count(*) AS contracts, t5.total_value_currency AS currency, sum(t5.total_value_amount) AS amount
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND true GROUP BY 1, 3) AS cells_t5 GROUP BY cells_t5.key ORDER BY cells_t5.key ASC NULLS LAST) AS "$") AS "byExpirationMonth") AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
