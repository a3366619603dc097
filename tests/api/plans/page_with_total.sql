SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.side = $2::VARCHAR), 'nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.side = $2::VARCHAR ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$"), 'again', (SELECT CAST(count(*) AS INTEGER) AS count_2
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND t3.side = $2::VARCHAR))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: VENDOR
-- $3: 1
