SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t2.id AS "$id", t2.field AS field, CASE WHEN (t2.field = ANY ($2::TEXT[])) THEN t2.before END AS before, CASE WHEN (t2.field = ANY ($2::TEXT[])) THEN t2.after END AS after, CASE WHEN (t2.field = ANY ($2::TEXT[])) THEN t2.reason END AS reason
FROM field_change AS t2
WHERE t2.org_id = $1::UUID AND t2.contract_id = t1.id ORDER BY t2.claimed_at ASC NULLS LAST, t2.id ASC
 LIMIT $3::INTEGER) AS "$")) AS changes, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t3.id AS "$id", CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.field END AS field, CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.owner END AS owner, CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.system END AS system, CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.source END AS source, CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.event END AS event, CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.claimed_at END AS "claimedAt", CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.refused_system END AS "refusedSystem", CASE WHEN (t3.field = ANY ($2::TEXT[])) THEN t3.refused_because END AS "refusedBecause"
FROM provenance AS t3
WHERE t3.org_id = $1::UUID AND t3.contract_id = t1.id ORDER BY t3.id ASC
 LIMIT $3::INTEGER) AS "$")) AS provenance, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t4.id AS "$id", t4.number AS number, t4.rationale AS rationale, CASE WHEN (t4.value_change_amount IS NOT NULL) THEN json_build_object('amount', CAST(t4.value_change_amount AS TEXT)) END AS "valueChange", json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t5.id AS "$id", t5.field AS field, CASE WHEN (t5.field = ANY ($2::TEXT[])) THEN t5.before END AS before, CASE WHEN (t5.field = ANY ($2::TEXT[])) THEN t5.after END AS after
FROM amendment_change AS t5
WHERE t5.org_id = $1::UUID AND t5.amendment_id = t4.id ORDER BY t5.id ASC
 LIMIT $3::INTEGER) AS "$")) AS changes
FROM amendment AS t4
WHERE t4.org_id = $1::UUID AND t4.contract_id = t1.id ORDER BY t4.id ASC
 LIMIT $3::INTEGER) AS "$")) AS amendments
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.number = $4::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: ['id', 'sourceKey', 'source_key', 'number', 'externalReference', 'external_reference', 'title', 'type', 'side', 'status', 'template', 'parent', 'parent_id', 'children', 'account', 'account_id', 'opportunity', 'opportunity_id', 'signedDate', 'signed_date', 'effectiveDate', 'effective_date', 'expirationDate', 'expiration_date', 'renewalType', 'renewal_type', 'renewalTerm', 'renewal_term', 'noticePeriod', 'notice_period', 'noticeWindowDays', 'notice_window_days', 'renewalDate', 'renewal_date', 'noticeDeadline', 'notice_deadline', 'inNoticeWindow', 'in_notice_window', 'daysToExpiration', 'days_to_expiration', 'terminationForConvenience', 'termination_for_convenience', 'terminationForCause', 'termination_for_cause', 'governingLaw', 'governing_law', 'liabilityCap', 'liability_cap', 'liabilityUncapped', 'liability_uncapped', 'priceEscalationTrigger', 'price_escalation_trigger', 'totalValue', 'total_value', 'baseValue', 'base_value', 'oneTimeAmount', 'one_time_amount', 'recurringAmount', 'recurring_amount', 'assignedArr', 'assigned_arr', 'assignedMrr', 'assigned_mrr', 'arr', 'mrr', 'billingFrequency', 'billing_frequency', 'billingStartDate', 'billing_start_date', 'paymentTerms', 'payment_terms', 'discountPercent', 'discount_percent', 'upliftPercent', 'uplift_percent', 'contractOwner', 'contract_owner_id', 'businessOwner', 'business_owner_id', 'renewalOwner', 'renewal_owner_id', 'amendmentCount', 'amendment_count', 'latestAmendmentDate', 'latest_amendment_date', 'templateDeviations', 'template_deviations', 'hasRedlineSummary', 'has_redline_summary', 'riskScore', 'risk_score', 'riskLevel', 'risk_level', 'parties', 'documents', 'amendments', 'lines', 'milestones', 'serviceLevels', 'service_levels', 'obligations', 'riskAssessments', 'risk_assessments', 'changes', 'renewalAcknowledgements', 'renewal_acknowledgements', 'valueFlags', 'value_flags', 'accessRequests', 'access_requests', 'provenance', 'salesforce', 'drift', 'version', 'updatedAt', 'updated_at']
-- $3: 50
-- $4: K-1
