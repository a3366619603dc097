SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('all', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT (SELECT CAST(coalesce(sum(cells_t1.contracts), 0) AS INTEGER) AS coalesce_1
FROM (SELECT NULL AS key, count(*) AS contracts
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND true GROUP BY 1) AS cells_t1) AS count) AS "$"), 'ours', (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT (SELECT CAST(coalesce(sum(cells_t2.contracts), 0) AS INTEGER) AS coalesce_2
FROM (SELECT NULL AS key, count(*) AS contracts
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.side = $3::VARCHAR GROUP BY 1) AS cells_t2) AS count, (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT cells_t3.key AS status, CAST(coalesce(sum(cells_t3.contracts), 0) AS INTEGER) AS count, '"PortfolioByStatus"'::json AS __typename
FROM (SELECT t3.status AS key, count(*) AS contracts
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND t3.side = $3::VARCHAR GROUP BY 1) AS cells_t3 GROUP BY cells_t3.key ORDER BY cells_t3.key ASC NULLS LAST) AS "$") AS "byStatus") AS "$"), 'none', (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT (SELECT CAST(coalesce(sum(cells_t4.contracts), 0) AS INTEGER) AS coalesce_4
FROM (SELECT NULL AS key, count(*) AS contracts
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND t4.number = $4::VARCHAR GROUP BY 1) AS cells_t4) AS count, (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_5
FROM (SELECT cells_t5.key AS type, CAST(coalesce(sum(cells_t5.contracts), 0) AS INTEGER) AS count
FROM (SELECT t5.type AS key, count(*) AS contracts
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND t5.number = $4::VARCHAR GROUP BY 1) AS cells_t5 GROUP BY cells_t5.key ORDER BY cells_t5.key ASC NULLS LAST) AS "$") AS "byType") AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: CUSTOMER
-- $4: K-9
