SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT coalesce(json_agg(page_t1.row_0) FILTER (WHERE page_t1.place <= $2::INTEGER), '[]'::json) AS nodes, json_build_object('hasNextPage', count(*) > $2::INTEGER, 'hasPreviousPage', true) AS "pageInfo"
FROM (SELECT row_number() OVER (ORDER BY t1.title ASC NULLS LAST, t1.id ASC) AS place, (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t1.id AS "$id", t1.title AS title) AS "$") AS row_0
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND (t1.title > $3::VARCHAR OR t1.title IS NULL AND $3::VARCHAR IS NOT NULL OR t1.title IS NOT DISTINCT FROM $3::VARCHAR AND t1.id > $4::UUID) ORDER BY t1.title ASC NULLS LAST, t1.id ASC
 LIMIT $2::INTEGER + 1) AS page_t1) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 2
-- $3: Mutual NDA
-- $4: 00010001-0000-7000-8000-000000000003
