SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT coalesce(json_agg(page_t1.row_0) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS edges, json_build_object('__typename', '"PageInfo"'::json, 'hasNextPage', count(*) > $2::INTEGER, 'hasPreviousPage', false, 'startCursor', CASE WHEN (count(*) FILTER (WHERE page_t1.place <= $2::INTEGER) > 0) THEN rtrim(translate(encode(convert_to(CAST(json_build_array('de3f9d86', CAST((coalesce(array_agg(page_t1.key_0) FILTER (WHERE page_t1.place <= $2::INTEGER)))[1] AS TEXT), CAST((coalesce(array_agg(page_t1.key_1) FILTER (WHERE page_t1.place <= $2::INTEGER)))[1] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') END, 'endCursor', CASE WHEN (count(*) FILTER (WHERE page_t1.place <= $2::INTEGER) > 0) THEN rtrim(translate(encode(convert_to(CAST(json_build_array('de3f9d86', CAST((coalesce(array_agg(page_t1.key_0) FILTER (WHERE page_t1.place <= $2::INTEGER)))[CAST(least(count(*), $2::INTEGER) AS INTEGER)] AS TEXT), CAST((coalesce(array_agg(page_t1.key_1) FILTER (WHERE page_t1.place <= $2::INTEGER)))[CAST(least(count(*), $2::INTEGER) AS INTEGER)] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') END) AS "pageInfo", (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t2
WHERE t2.org_id = $1::UUID) AS "totalCount"
FROM (SELECT row_number() OVER (ORDER BY t1.title ASC NULLS LAST, t1.id ASC) AS place, t1.title AS key_0, t1.id AS key_1, (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT '"ContractEdge"'::json AS __typename, rtrim(translate(encode(convert_to(CAST(json_build_array('de3f9d86', CAST(t1.title AS TEXT), CAST(t1.id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') AS cursor, (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t1.id AS "$id", t1.title AS title) AS "$") AS node) AS "$") AS row_0
FROM contract AS t1
WHERE t1.org_id = $1::UUID ORDER BY t1.title ASC NULLS LAST, t1.id ASC
 LIMIT $2::INTEGER + 1) AS page_t1) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 2
