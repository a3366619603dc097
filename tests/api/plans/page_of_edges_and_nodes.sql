SELECT answered.answer
FROM (SELECT set_config('app.org', $1::VARCHAR, true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT coalesce(json_agg(page_t1.row_0 ORDER BY page_t1.place ASC) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS nodes, coalesce(json_agg(page_t1.row_1 ORDER BY page_t1.place ASC) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS edges, json_build_object('hasNextPage', count(*) > $2::INTEGER) AS rest
FROM (SELECT row_number() OVER (ORDER BY t1.updated_at DESC NULLS LAST, t1.id ASC) AS place, (SELECT row_to_json(anon_3) AS row_to_json_3
FROM (SELECT t1.number AS number) AS anon_3) AS row_0, (SELECT row_to_json(anon_4) AS row_to_json_4
FROM (SELECT (SELECT row_to_json(anon_5) AS row_to_json_5
FROM (SELECT t1.title AS title) AS anon_5) AS node, rtrim(translate(encode(convert_to(CAST(json_build_array('73c1023f', to_json(t1.updated_at) #>> '{}', CAST(t1.id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') AS at) AS anon_4) AS row_1
FROM contract AS t1
WHERE t1.org_id = $3::UUID ORDER BY t1.updated_at DESC NULLS LAST, t1.id ASC
 LIMIT $2::INTEGER + 1) AS page_t1) AS anon_2) AS contracts) AS anon_1) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 1
-- $3: 00000000-0000-7000-8000-000000000001
