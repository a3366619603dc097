SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t2.id AS "$id", t2.object AS object, t2.state AS state, t2.reason AS reason, t2.written_at AS "writtenAt", t2.contract_version AS "contractVersion", t2.correlation AS correlation, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t3.id AS "$id", CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.field END AS field, CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.name END AS name, CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.reason END AS reason
FROM salesforce_refusal AS t3
WHERE t3.org_id = $1::UUID AND t3.write_id = t2.id ORDER BY t3.id ASC
 LIMIT $3::INTEGER) AS "$")) AS refusals
FROM salesforce_write AS t2
WHERE t2.org_id = $1::UUID AND t2.contract_id = t1.id ORDER BY t2.object ASC NULLS LAST, t2.id ASC
 LIMIT $3::INTEGER) AS "$")) AS salesforce
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.number = $4::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: ['id', 'sourceKey', 'source_key', 'number', 'externalReference', 'external_reference', 'title', 'type', 'side', 'status', 'template', 'parent', 'parent_id', 'children', 'account', 'account_id', 'opportunity', 'opportunity_id', 'signedDate', 'signed_date', 'effectiveDate', 'effective_date', 'expirationDate', 'expiration_date', 'renewalType', 'renewal_type', 'renewalTerm', 'renewal_term', 'noticePeriod', 'notice_period', 'noticeWindowDays', 'notice_window_days', 'renewalDate', 'renewal_date', 'noticeDeadline', 'notice_deadline', 'inNoticeWindow', 'in_notice_window', 'daysToExpiration', 'days_to_expiration', 'terminationForConvenience', 'termination_for_convenience', 'terminationForCause', 'termination_for_cause', 'governingLaw', 'governing_law', 'liabilityCap', 'liability_cap', 'liabilityUncapped', 'liability_uncapped', 'priceEscalationTrigger', 'price_escalation_trigger', 'totalValue', 'total_value', 'baseValue', 'base_value', 'oneTimeAmount', 'one_time_amount', 'recurringAmount', 'recurring_amount', 'assignedArr', 'assigned_arr', 'assignedMrr', 'assigned_mrr', 'arr', 'mrr', 'billingFrequency', 'billing_frequency', 'billingStartDate', 'billing_start_date', 'paymentTerms', 'payment_terms', 'discountPercent', 'discount_percent', 'upliftPercent', 'uplift_percent', 'contractOwner', 'contract_owner_id', 'businessOwner', 'business_owner_id', 'renewalOwner', 'renewal_owner_id', 'amendmentCount', 'amendment_count', 'latestAmendmentDate', 'latest_amendment_date', 'templateDeviations', 'template_deviations', 'hasRedlineSummary', 'has_redline_summary', 'riskScore', 'risk_score', 'riskLevel', 'risk_level', 'parties', 'documents', 'amendments', 'lines', 'milestones', 'serviceLevels', 'service_levels', 'obligations', 'riskAssessments', 'risk_assessments', 'changes', 'renewalAcknowledgements', 'renewal_acknowledgements', 'valueFlags', 'value_flags', 'accessRequests', 'access_requests', 'provenance', 'salesforce', 'drift', 'version', 'updatedAt', 'updated_at']
-- $3: 50
-- $4: K-1
