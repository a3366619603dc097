SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('mixed', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND (t1.type = $2::VARCHAR OR t1.side = $3::VARCHAR AND (t1.status = ANY ($4::TEXT[])) IS NOT true) AND ((t1.number IS NULL) = $5::BOOLEAN) IS NOT true ORDER BY t1.id ASC
 LIMIT $6::INTEGER) AS "$")), 'none', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND false)), 'all', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_2
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND true AND false IS NOT true)), 'unknown', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t4.id AS "$id", t4.number AS number
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND (t4.expiration_date > $7::DATE) IS NOT true ORDER BY t4.id ASC
 LIMIT $6::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: NDA
-- $3: CUSTOMER
-- $4: ['ACTIVE', 'TERMINATED']
-- $5: True
-- $6: 50
-- $7: 2000-01-01
