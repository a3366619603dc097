SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('viewer', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT '"Viewer"'::json AS __typename, $2::VARCHAR AS subject, '["sales_rep"]'::json AS roles, $3::TEXT[] AS scopes, '"25c6982a6037831295687cbf41bdfd70541cca3eb71bdd75123eaa9e018bed8f"'::json AS policy, (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT org.id AS id, org.name AS name, org.salesforce_org_id AS "salesforceOrgId", '"ViewerOrg"'::json AS __typename
FROM org
WHERE org.id = $1::UUID) AS "$") AS org) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: ['graph:documents', 'graph:read']
