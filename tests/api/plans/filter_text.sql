SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('party', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND (strpos(lower(t1.number), lower($2::VARCHAR)) > 0 OR strpos(lower(t1.title), lower($2::VARCHAR)) > 0 OR (EXISTS (SELECT 1
FROM contract_party AS t2
WHERE t2.org_id = $1::UUID AND t2.contract_id = t1.id AND strpos(lower(t2.legal_name), lower($2::VARCHAR)) > 0))) ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$")), 'title', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t3.id AS "$id", t3.title AS title
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND (strpos(lower(t3.number), lower($4::VARCHAR)) > 0 OR strpos(lower(t3.title), lower($4::VARCHAR)) > 0 OR (EXISTS (SELECT 1
FROM contract_party AS t4
WHERE t4.org_id = $1::UUID AND t4.contract_id = t3.id AND strpos(lower(t4.legal_name), lower($4::VARCHAR)) > 0))) ORDER BY t3.id ASC
 LIMIT $3::INTEGER) AS "$")), 'number', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t5.id AS "$id", t5.number AS number
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND (strpos(lower(t5.number), lower($5::VARCHAR)) > 0 OR strpos(lower(t5.title), lower($5::VARCHAR)) > 0 OR (EXISTS (SELECT 1
FROM contract_party AS t6
WHERE t6.org_id = $1::UUID AND t6.contract_id = t5.id AND strpos(lower(t6.legal_name), lower($5::VARCHAR)) > 0))) ORDER BY t5.id ASC
 LIMIT $3::INTEGER) AS "$")), 'nothing', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t7
WHERE t7.org_id = $1::UUID AND (t7.number IS NULL) = $6::BOOLEAN AND (strpos(lower(t7.number), lower($7::VARCHAR)) > 0 OR strpos(lower(t7.title), lower($7::VARCHAR)) > 0 OR (EXISTS (SELECT 1
FROM contract_party AS t8
WHERE t8.org_id = $1::UUID AND t8.contract_id = t7.id AND strpos(lower(t8.legal_name), lower($7::VARCHAR)) > 0)))))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: ZETA
-- $3: 50
-- $4: größe
-- $5: k-4
-- $6: False
-- $7: %
