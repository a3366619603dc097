SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", t1.number AS number, t1.external_reference AS "externalReference", t1.source_key AS "sourceKey", t1.template AS template
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.external_reference = $2::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: clm-1
