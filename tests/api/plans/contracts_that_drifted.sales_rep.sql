SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", NULL::json AS drift
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND (t1.contract_owner_id = caller.id OR t1.business_owner_id = caller.id OR t1.renewal_owner_id = caller.id OR (EXISTS (SELECT 1
FROM account AS t2
WHERE t2.org_id = $1::UUID AND t2.id = t1.account_id AND (t2.owner_id = caller.id OR (EXISTS (SELECT 1
FROM account_team_member AS t3
WHERE t3.org_id = $1::UUID AND t3.account_id = t2.id AND t3.user_id = caller.id))))) OR (EXISTS (SELECT 1
FROM opportunity AS t4
WHERE t4.org_id = $1::UUID AND t4.id = t1.opportunity_id AND (t4.owner_id = caller.id OR (EXISTS (SELECT 1
FROM opportunity_team_member AS t5
WHERE t5.org_id = $1::UUID AND t5.opportunity_id = t4.id AND t5.user_id = caller.id)) OR (EXISTS (SELECT 1
FROM account AS t6
WHERE t6.org_id = $1::UUID AND t6.id = t4.account_id AND (t6.owner_id = caller.id OR (EXISTS (SELECT 1
FROM account_team_member AS t7
WHERE t7.org_id = $1::UUID AND t7.account_id = t6.id AND t7.user_id = caller.id))))))))) AND t1.number = $3::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: K-1
