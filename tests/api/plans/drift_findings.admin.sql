SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('driftFindings', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM drift_finding AS t3
WHERE t3.org_id = $1::UUID AND t3.state = ANY ($2::TEXT[])), 'nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.object AS object, CASE WHEN (t1.field = ANY ($3::TEXT[])) THEN t1.field END AS field, CASE WHEN (t1.field = ANY ($3::TEXT[])) THEN t1.name END AS name, CASE WHEN (t1.field = ANY ($3::TEXT[])) THEN t1.owner END AS owner, t1.state AS state, t1.changed_by AS "changedBy", t1.changed_at AS "changedAt", t1.found_at AS "foundAt", t1.decided_by AS "decidedBy", t1.reason AS reason, (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t2.id AS "$id", t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.id = t1.contract_id) AS "$") AS contract
FROM drift_finding AS t1
WHERE t1.org_id = $1::UUID AND t1.state = ANY ($2::TEXT[]) ORDER BY t1.seen_at DESC NULLS LAST, t1.id ASC
 LIMIT $4::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: ['DRIFTED', 'REPAIRING']
-- $3: ['id', 'sourceKey', 'source_key', 'number', 'externalReference', 'external_reference', 'title', 'type', 'side', 'status', 'template', 'parent', 'parent_id', 'children', 'account', 'account_id', 'opportunity', 'opportunity_id', 'contractOwner', 'contract_owner_id', 'businessOwner', 'business_owner_id', 'renewalOwner', 'renewal_owner_id', 'parties', 'changes', 'valueFlags', 'value_flags', 'accessRequests', 'access_requests', 'provenance', 'salesforce', 'drift', 'version', 'updatedAt', 'updated_at']
-- $4: 2
