SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('account', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM account AS t2
WHERE t2.org_id = $1::UUID AND t2.id = t1.account_id AND starts_with(lower(t2.name), lower($2::VARCHAR)))) ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$")), 'absent', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t3.id AS "$id", t3.number AS number
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM account AS t4
WHERE t4.org_id = $1::UUID AND t4.id = t3.account_id AND true)) IS NOT true ORDER BY t3.id ASC
 LIMIT $3::INTEGER) AS "$")), 'some', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t5.id AS "$id", t5.number AS number
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM contract_party AS t6
WHERE t6.org_id = $1::UUID AND t6.contract_id = t5.id AND t6.role = $4::VARCHAR)) ORDER BY t5.id ASC
 LIMIT $3::INTEGER) AS "$")), 'none', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t7
WHERE t7.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM contract_party AS t8
WHERE t8.org_id = $1::UUID AND t8.contract_id = t7.id AND true)) IS NOT true)), 'both', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t9.id AS "$id", t9.number AS number
FROM contract AS t9
WHERE t9.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM contract_party AS t10
WHERE t10.org_id = $1::UUID AND t10.contract_id = t9.id AND strpos(lower(t10.legal_name), lower($2::VARCHAR)) > 0)) AND (EXISTS (SELECT 1
FROM contract_party AS t11
WHERE t11.org_id = $1::UUID AND t11.contract_id = t9.id AND t11.role = $4::VARCHAR)) IS NOT true ORDER BY t9.id ASC
 LIMIT $3::INTEGER) AS "$")), 'deep', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_5
FROM (SELECT t12.id AS "$id", t12.number AS number
FROM contract AS t12
WHERE t12.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM service_level AS t13
WHERE t13.org_id = $1::UUID AND t13.contract_id = t12.id AND (EXISTS (SELECT 1
FROM measurement AS t14
WHERE t14.org_id = $1::UUID AND t14.service_level_id = t13.id AND t14.value < $5::NUMERIC)))) ORDER BY t12.id ASC
 LIMIT $3::INTEGER) AS "$")), 'parent', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_2
FROM contract AS t15
WHERE t15.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM contract AS t16
WHERE t16.org_id = $1::UUID AND t16.id = t15.parent_id AND (EXISTS (SELECT 1
FROM contract AS t17
WHERE t17.org_id = $1::UUID AND t17.id = t16.parent_id AND (t17.number IS NULL) = $6::BOOLEAN))))))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: acme
-- $3: 50
-- $4: GUARANTOR
-- $5: 99.2
-- $6: True
