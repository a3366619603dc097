SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contracts', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.title AS title
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.title = $2::VARCHAR ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$")), 'quoted', NULL::json) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: Größe "50%_off" \ 'x' 😀
-- $3: 50
