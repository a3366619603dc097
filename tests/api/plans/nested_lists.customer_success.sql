SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('contracts', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number, json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM milestone AS t3
WHERE t3.org_id = $1::UUID AND t3.contract_id = t1.id AND t3.target_date >= $3::DATE), 'nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t2.id AS "$id", t2.name AS name, t2.variance_days AS "varianceDays", CASE WHEN ((t1.status = ANY ($4::TEXT[])) IS NOT true) THEN CASE WHEN (t2.amount_amount IS NOT NULL) THEN json_build_object('amount', CAST(round(CAST(to_char(CAST(t2.amount_amount AS NUMERIC), '9EEEE') AS NUMERIC), scale(t2.amount_amount)) AS TEXT)) END END AS amount
FROM milestone AS t2
WHERE t2.org_id = $1::UUID AND t2.contract_id = t1.id AND t2.target_date >= $3::DATE ORDER BY t2.target_date DESC NULLS LAST, t2.id ASC
 LIMIT $5::INTEGER) AS "$")) AS milestones, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t4.id AS "$id", t4.metric AS metric, CAST(t4.target AS TEXT) AS target, t4.period AS period, (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT coalesce(json_agg(page_t5.row_0 ORDER BY page_t5.place DESC) FILTER (WHERE page_t5.place <= $5::INTEGER), '[]'::json) AS edges
FROM (SELECT row_number() OVER (ORDER BY t5.id DESC) AS place, (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t5.id AS "$id", CAST(t5.value AS TEXT) AS value) AS "$") AS node) AS "$") AS row_0
FROM measurement AS t5
WHERE t5.org_id = $1::UUID AND t5.service_level_id = t4.id ORDER BY t5.id DESC
 LIMIT $5::INTEGER) AS page_t5) AS "$") AS measurements
FROM service_level AS t4
WHERE t4.org_id = $1::UUID AND t4.contract_id = t1.id ORDER BY t4.id ASC
 LIMIT $6::INTEGER) AS "$")) AS "serviceLevels", json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t6.id AS "$id", t6.deliverable AS deliverable, NULL::json AS "sourceClause", CAST(t6.confidence AS TEXT) AS confidence, (SELECT row_to_json("$") AS row_to_json_4
FROM (SELECT t7.id AS "$id", t7.legal_name AS "legalName"
FROM contract_party AS t7
WHERE t7.org_id = $1::UUID AND t7.id = t6.responsible_party_id) AS "$") AS "responsibleParty", (SELECT row_to_json("$") AS row_to_json_5
FROM (SELECT t8.id AS "$id", t8.name AS name
FROM "user" AS t8
WHERE t8.org_id = $1::UUID AND t8.id = t6.reviewer_id) AS "$") AS reviewer
FROM obligation AS t6
WHERE t6.org_id = $1::UUID AND t6.contract_id = t1.id ORDER BY t6.id ASC
 LIMIT $6::INTEGER) AS "$")) AS obligations
FROM contract AS t1
WHERE t1.org_id = $1::UUID ORDER BY t1.id ASC
 LIMIT $7::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: 2026-01-01
-- $4: ['DRAFT', 'IN_REVIEW']
-- $5: 1
-- $6: 50
-- $7: 2
