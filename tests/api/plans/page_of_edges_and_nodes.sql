SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT coalesce(json_agg(page_ranges_t1.row_0) FILTER (WHERE page_ranges_t1.place <= $2::INTEGER), '[]'::json) AS nodes, coalesce(json_agg(page_ranges_t1.row_1) FILTER (WHERE page_ranges_t1.place <= $2::INTEGER), '[]'::json) AS edges, json_build_object('hasNextPage', count(*) > $2::INTEGER) AS rest
FROM (SELECT row_number() OVER (ORDER BY ranges_t1.updated_at DESC NULLS LAST, ranges_t1.id ASC) AS place, (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT ranges_t1.id AS "$id", ranges_t1.number AS number) AS "$") AS row_0, (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT (SELECT row_to_json("$") AS row_to_json_4
FROM (SELECT ranges_t1.id AS "$id", ranges_t1.title AS title) AS "$") AS node, rtrim(translate(encode(convert_to(CAST(json_build_array('73c1023f', to_json(ranges_t1.updated_at) #>> '{}', CAST(ranges_t1.id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') AS at) AS "$") AS row_1
FROM ((SELECT t2.id AS id, t2.number AS number, t2.title AS title, t2.updated_at AS updated_at
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.updated_at IS NOT NULL ORDER BY t2.updated_at DESC, t2.id ASC
 LIMIT $2::INTEGER + 1) UNION ALL (SELECT t3.id AS id, t3.number AS number, t3.title AS title, t3.updated_at AS updated_at
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND t3.updated_at IS NULL ORDER BY t3.updated_at ASC, t3.id ASC
 LIMIT $2::INTEGER + 1)) AS ranges_t1 ORDER BY ranges_t1.updated_at DESC NULLS LAST, ranges_t1.id ASC
 LIMIT $2::INTEGER + 1) AS page_ranges_t1) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 1
