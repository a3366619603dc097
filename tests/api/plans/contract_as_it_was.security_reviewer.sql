SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", past_t1.title AS title, NULL::json AS "totalValue", NULL::json AS "governingLaw", NULL::json AS "riskScore", past_t1.status AS status, NULL::json AS "noticeDeadline", NULL::json AS "inNoticeWindow", (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t3.id AS "$id", t3.name AS name
FROM account AS t3
WHERE t3.org_id = $1::UUID AND t3.id = past_t1.account_id) AS "$") AS account, (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t4.id AS "$id", t4.number AS number
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND t4.id = past_t1.parent_id) AS "$") AS parent, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t5.id AS "$id", t5.field AS field, CASE WHEN (t5.field = ANY ($2::TEXT[])) THEN t5.before END AS before, CASE WHEN (t5.field = ANY ($2::TEXT[])) THEN t5.after END AS after, t5.recorded_at AS "recordedAt"
FROM field_change AS t5
WHERE t5.org_id = $1::UUID AND t5.contract_id = t1.id AND true AND t5.recorded_at <= $3::TIMESTAMP WITH TIME ZONE ORDER BY t5.id ASC
 LIMIT $4::INTEGER) AS "$")) AS changes
FROM contract AS t1 JOIN LATERAL (SELECT coalesce(jsonb_object_agg(line_t1.name, line_t1.text), '{}'::jsonb) AS told
FROM (SELECT DISTINCT ON (named_t1.name) named_t1.name AS name, CASE WHEN (t2.recorded_at <= $3::TIMESTAMP WITH TIME ZONE) THEN t2.after ELSE t2.before END AS text
FROM field_change AS t2 JOIN unnest($5::TEXT[], $6::TEXT[]) AS named_t1(spelled, name) ON t2.field = named_t1.spelled
WHERE t2.org_id = $1::UUID AND t2.contract_id = t1.id AND t2.part IS NULL AND t2.decision = $7::VARCHAR ORDER BY named_t1.name, t2.recorded_at <= $3::TIMESTAMP WITH TIME ZONE DESC, CASE WHEN (t2.recorded_at <= $3::TIMESTAMP WITH TIME ZONE) THEN t2.recorded_at END DESC, t2.recorded_at, CASE WHEN (t2.recorded_at <= $3::TIMESTAMP WITH TIME ZONE) THEN t2.id END DESC, t2.id) AS line_t1) AS told_t1 ON true JOIN LATERAL (SELECT t1.id AS id, CASE WHEN jsonb_exists(told_t1.told, 'title') THEN jsonb_extract_path_text(told_t1.told, 'title') ELSE t1.title END AS title, CASE WHEN jsonb_exists(told_t1.told, 'status') THEN CASE WHEN (jsonb_extract_path_text(told_t1.told, 'status') ~ '^(DRAFT|IN_REVIEW|PENDING_SIGNATURE|EXECUTED|ACTIVE|EXPIRING_SOON|RENEWED|AMENDED|SUSPENDED|TERMINATED)$') THEN jsonb_extract_path_text(told_t1.told, 'status') END ELSE t1.status END AS status, CASE WHEN jsonb_exists(told_t1.told, 'parent_id') THEN CASE WHEN (jsonb_extract_path_text(told_t1.told, 'parent_id') ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') THEN CAST(jsonb_extract_path_text(told_t1.told, 'parent_id') AS UUID) END ELSE t1.parent_id END AS parent_id, CASE WHEN jsonb_exists(told_t1.told, 'account_id') THEN CASE WHEN (jsonb_extract_path_text(told_t1.told, 'account_id') ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') THEN CAST(jsonb_extract_path_text(told_t1.told, 'account_id') AS UUID) END ELSE t1.account_id END AS account_id
 LIMIT ALL OFFSET 0) AS past_t1 ON true
WHERE t1.org_id = $1::UUID AND t1.number = $8::VARCHAR AND (NOT jsonb_exists(told_t1.told, 'id') OR jsonb_extract_path_text(told_t1.told, 'id') IS NOT NULL)) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: ['id', 'sourceKey', 'source_key', 'number', 'externalReference', 'external_reference', 'title', 'type', 'side', 'status', 'template', 'parent', 'parent_id', 'children', 'account', 'account_id', 'opportunity', 'opportunity_id', 'contractOwner', 'contract_owner_id', 'businessOwner', 'business_owner_id', 'renewalOwner', 'renewal_owner_id', 'amendmentCount', 'amendment_count', 'latestAmendmentDate', 'latest_amendment_date', 'parties', 'documents', 'amendments', 'changes', 'valueFlags', 'value_flags', 'accessRequests', 'access_requests', 'provenance', 'salesforce', 'drift', 'version', 'updatedAt', 'updated_at']
-- $3: 2026-10-02 08:01:00+00:00
-- $4: 50
-- $5: ['id', 'title', 'status', 'parent', 'parent_id', 'account', 'account_id']
-- $6: ['id', 'title', 'status', 'parent_id', 'parent_id', 'account_id', 'account_id']
-- $7: ACCEPTED
-- $8: K-1
