SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT (SELECT coalesce(json_agg(anon_3), '[]'::json) AS coalesce_1
FROM (SELECT t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $2::UUID AND t1.number = $3::VARCHAR ORDER BY t1.id ASC
 LIMIT $4::INTEGER) AS anon_3) AS nodes) AS anon_2) AS eq, (SELECT row_to_json(anon_4) AS row_to_json_3
FROM (SELECT (SELECT coalesce(json_agg(anon_5), '[]'::json) AS coalesce_2
FROM (SELECT t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $2::UUID AND t2.number = ANY ($5::TEXT[]) ORDER BY t2.id ASC
 LIMIT $4::INTEGER) AS anon_5) AS nodes) AS anon_4) AS "in", (SELECT row_to_json(anon_6) AS row_to_json_4
FROM (SELECT (SELECT coalesce(json_agg(anon_7), '[]'::json) AS coalesce_3
FROM (SELECT t3.number AS number
FROM contract AS t3
WHERE t3.org_id = $2::UUID AND t3.number = ANY ($6::TEXT[]) ORDER BY t3.id ASC
 LIMIT $4::INTEGER) AS anon_7) AS nodes) AS anon_6) AS written, (SELECT row_to_json(anon_8) AS row_to_json_5
FROM (SELECT (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t4
WHERE t4.org_id = $2::UUID AND t4.number = ANY ($7::TEXT[])) AS "totalCount") AS anon_8) AS empty, (SELECT row_to_json(anon_9) AS row_to_json_6
FROM (SELECT (SELECT coalesce(json_agg(anon_10), '[]'::json) AS coalesce_4
FROM (SELECT t5.title AS title
FROM contract AS t5
WHERE t5.org_id = $2::UUID AND (t5.number IS NULL) = $8::BOOLEAN ORDER BY t5.id ASC
 LIMIT $4::INTEGER) AS anon_10) AS nodes) AS anon_9) AS "null", (SELECT row_to_json(anon_11) AS row_to_json_7
FROM (SELECT (SELECT coalesce(json_agg(anon_12), '[]'::json) AS coalesce_5
FROM (SELECT t6.title AS title
FROM contract AS t6
WHERE t6.org_id = $2::UUID AND strpos(lower(t6.title), lower($9::VARCHAR)) > 0 ORDER BY t6.id ASC
 LIMIT $4::INTEGER) AS anon_12) AS nodes) AS anon_11) AS contains, (SELECT row_to_json(anon_13) AS row_to_json_8
FROM (SELECT (SELECT coalesce(json_agg(anon_14), '[]'::json) AS coalesce_6
FROM (SELECT t7.title AS title
FROM contract AS t7
WHERE t7.org_id = $2::UUID AND strpos(lower(t7.title), lower($10::VARCHAR)) > 0 AND starts_with(lower(t7.title), lower($11::VARCHAR)) ORDER BY t7.id ASC
 LIMIT $4::INTEGER) AS anon_14) AS nodes) AS anon_13) AS "startsWith") AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 00000000-0000-7000-8000-000000000001
-- $3: K-2
-- $4: 50
-- $5: ['K-1', 'K-4']
-- $6: ['K-2', 'K-3']
-- $7: []
-- $8: True
-- $9: 50%_OFF" \
-- $10: oper
-- $11: CRANE
