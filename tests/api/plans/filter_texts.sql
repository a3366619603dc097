SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('eq', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.number = $2::VARCHAR ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$")), 'in', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t2.id AS "$id", t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.number = ANY ($4::TEXT[]) ORDER BY t2.id ASC
 LIMIT $3::INTEGER) AS "$")), 'written', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t3.id AS "$id", t3.number AS number
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND t3.number = ANY ($5::TEXT[]) ORDER BY t3.id ASC
 LIMIT $3::INTEGER) AS "$")), 'empty', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND t4.number = ANY ($6::TEXT[]))), 'null', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t5.id AS "$id", t5.title AS title
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND (t5.number IS NULL) = $7::BOOLEAN ORDER BY t5.id ASC
 LIMIT $3::INTEGER) AS "$")), 'contains', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_5
FROM (SELECT t6.id AS "$id", t6.title AS title
FROM contract AS t6
WHERE t6.org_id = $1::UUID AND strpos(lower(t6.title), lower($8::VARCHAR)) > 0 ORDER BY t6.id ASC
 LIMIT $3::INTEGER) AS "$")), 'startsWith', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_6
FROM (SELECT t7.id AS "$id", t7.title AS title
FROM contract AS t7
WHERE t7.org_id = $1::UUID AND strpos(lower(t7.title), lower($9::VARCHAR)) > 0 AND starts_with(lower(t7.title), lower($10::VARCHAR)) ORDER BY t7.id ASC
 LIMIT $3::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: K-2
-- $3: 50
-- $4: ['K-1', 'K-4']
-- $5: ['K-2', 'K-3']
-- $6: []
-- $7: True
-- $8: 50%_OFF" \
-- $9: oper
-- $10: CRANE
