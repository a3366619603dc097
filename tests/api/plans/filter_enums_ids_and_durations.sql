SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('risk', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.risk_level = ANY ($2::TEXT[]) ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$")), 'status', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t2.id AS "$id", t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.status = $4::VARCHAR ORDER BY t2.id ASC
 LIMIT $3::INTEGER) AS "$")), 'unset', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND (t3.risk_level IS NULL) = $5::BOOLEAN)), 'id', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t4.id AS "$id", t4.number AS number
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND t4.id = ANY ($6::UUID[]) ORDER BY t4.id ASC
 LIMIT $3::INTEGER) AS "$")), 'same', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t5.id AS "$id", t5.renewal_term AS "renewalTerm"
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND t5.renewal_term = $7::VARCHAR ORDER BY t5.id ASC
 LIMIT $3::INTEGER) AS "$")), 'owner', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_5
FROM (SELECT t6.id AS "$id", t6.number AS number
FROM contract AS t6
WHERE t6.org_id = $1::UUID AND (EXISTS (SELECT 1
FROM "user" AS t7
WHERE t7.org_id = $1::UUID AND t7.id = t6.contract_owner_id AND t7.id = $8::UUID)) ORDER BY t6.id ASC
 LIMIT $3::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: ['HIGH', 'CRITICAL']
-- $3: 50
-- $4: DRAFT
-- $5: True
-- $6: [UUID('00010001-0000-7000-8000-000000000003'), UUID('00010001-0000-7000-8000-000000000004')]
-- $7: P1Y
-- $8: 00010007-0000-7000-8000-000000000002
