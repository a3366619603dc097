SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t8.id AS "$id", t8.object AS object, t8.state AS state, t8.reason AS reason, t8.written_at AS "writtenAt", NULL::json AS "contractVersion", NULL::json AS correlation, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t9.id AS "$id", CASE WHEN (t9.field = ANY ($3::TEXT[])) THEN t9.field END AS field, CASE WHEN (t9.field = ANY ($3::TEXT[])) THEN t9.name END AS name, CASE WHEN (t9.field = ANY ($3::TEXT[])) THEN t9.reason END AS reason
FROM salesforce_refusal AS t9
WHERE t9.org_id = $1::UUID AND t9.write_id = t8.id ORDER BY t9.id ASC
 LIMIT $4::INTEGER) AS "$")) AS refusals
FROM salesforce_write AS t8
WHERE t8.org_id = $1::UUID AND t8.contract_id = t1.id ORDER BY t8.object ASC NULLS LAST, t8.id ASC
 LIMIT $4::INTEGER) AS "$")) AS salesforce
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
WHERE t7.org_id = $1::UUID AND t7.account_id = t6.id AND t7.user_id = caller.id))))))))) AND t1.number = $5::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: ['id', 'number', 'externalReference', 'external_reference', 'title', 'type', 'side', 'status', 'template', 'parent', 'parent_id', 'children', 'account', 'account_id', 'opportunity', 'opportunity_id', 'signedDate', 'signed_date', 'effectiveDate', 'effective_date', 'expirationDate', 'expiration_date', 'renewalType', 'renewal_type', 'renewalTerm', 'renewal_term', 'noticePeriod', 'notice_period', 'noticeWindowDays', 'notice_window_days', 'renewalDate', 'renewal_date', 'noticeDeadline', 'notice_deadline', 'inNoticeWindow', 'in_notice_window', 'daysToExpiration', 'days_to_expiration', 'priceEscalationTrigger', 'price_escalation_trigger', 'totalValue', 'total_value', 'baseValue', 'base_value', 'oneTimeAmount', 'one_time_amount', 'recurringAmount', 'recurring_amount', 'assignedArr', 'assigned_arr', 'assignedMrr', 'assigned_mrr', 'arr', 'mrr', 'billingFrequency', 'billing_frequency', 'billingStartDate', 'billing_start_date', 'paymentTerms', 'payment_terms', 'discountPercent', 'discount_percent', 'upliftPercent', 'uplift_percent', 'contractOwner', 'contract_owner_id', 'businessOwner', 'business_owner_id', 'renewalOwner', 'renewal_owner_id', 'amendmentCount', 'amendment_count', 'latestAmendmentDate', 'latest_amendment_date', 'parties', 'documents', 'amendments', 'lines', 'milestones', 'renewalAcknowledgements', 'renewal_acknowledgements', 'valueFlags', 'value_flags', 'accessRequests', 'access_requests', 'provenance', 'salesforce', 'updatedAt', 'updated_at']
-- $4: 50
-- $5: K-1
