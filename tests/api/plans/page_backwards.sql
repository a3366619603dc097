SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT coalesce(json_agg(page_t1.row_0 ORDER BY page_t1.place DESC) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS nodes, coalesce(json_agg(page_t1.row_1 ORDER BY page_t1.place DESC) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS edges, json_build_object('hasNextPage', false, 'hasPreviousPage', count(*) > $2::INTEGER, 'startCursor', CASE WHEN (count(*) FILTER (WHERE page_t1.place <= $2::INTEGER) > 0) THEN rtrim(translate(encode(convert_to(CAST(json_build_array('0ca6e156', CAST((coalesce(array_agg(page_t1.key_0 ORDER BY page_t1.place ASC) FILTER (WHERE page_t1.place <= $2::INTEGER)))[CAST(least(count(*), $2::INTEGER) AS INTEGER)] AS TEXT), CAST((coalesce(array_agg(page_t1.key_1 ORDER BY page_t1.place ASC) FILTER (WHERE page_t1.place <= $2::INTEGER)))[CAST(least(count(*), $2::INTEGER) AS INTEGER)] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') END, 'endCursor', CASE WHEN (count(*) FILTER (WHERE page_t1.place <= $2::INTEGER) > 0) THEN rtrim(translate(encode(convert_to(CAST(json_build_array('0ca6e156', CAST((coalesce(array_agg(page_t1.key_0 ORDER BY page_t1.place ASC) FILTER (WHERE page_t1.place <= $2::INTEGER)))[1] AS TEXT), CAST((coalesce(array_agg(page_t1.key_1 ORDER BY page_t1.place ASC) FILTER (WHERE page_t1.place <= $2::INTEGER)))[1] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') END) AS "pageInfo"
FROM (SELECT row_number() OVER (ORDER BY t1.expiration_date DESC NULLS FIRST, t1.id DESC) AS place, t1.expiration_date AS key_0, t1.id AS key_1, (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t1.id AS "$id", t1.number AS number, t1.expiration_date AS "expirationDate") AS "$") AS row_0, (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t1.id AS "$id", rtrim(translate(encode(convert_to(CAST(json_build_array('0ca6e156', CAST(t1.expiration_date AS TEXT), CAST(t1.id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') AS cursor) AS "$") AS row_1
FROM contract AS t1
WHERE t1.org_id = $1::UUID ORDER BY t1.expiration_date DESC NULLS FIRST, t1.id DESC
 LIMIT $2::INTEGER + 1) AS page_t1) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 2
