SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT coalesce(json_agg(page_t1.row_0) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS nodes, coalesce(json_agg(page_t1.row_1) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS edges, json_build_object('hasNextPage', count(*) > $2::INTEGER, 'startCursor', CASE WHEN (count(*) FILTER (WHERE page_t1.place <= $2::INTEGER) > 0) THEN rtrim(translate(encode(convert_to(CAST(json_build_array('bd10be49', CAST((coalesce(array_agg(page_t1.key_0) FILTER (WHERE page_t1.place <= $2::INTEGER)))[1] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') END) AS "pageInfo", (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t2
WHERE t2.org_id = $1::UUID) AS "totalCount"
FROM (SELECT row_number() OVER (ORDER BY t1.id ASC) AS place, t1.id AS key_0, (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t1.id AS "$id", t1.id AS id) AS "$") AS row_0, (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t1.id AS "$id", rtrim(translate(encode(convert_to(CAST(json_build_array('bd10be49', CAST(t1.id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') AS cursor) AS "$") AS row_1
FROM contract AS t1
WHERE t1.org_id = $1::UUID ORDER BY t1.id ASC
 LIMIT $2::INTEGER + 1) AS page_t1) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 0
