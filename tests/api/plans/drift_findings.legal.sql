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
-- $3: ['id', 'source_key', 'sourceKey', 'number', 'external_reference', 'externalReference', 'title', 'type', 'side', 'status', 'template', 'parent_id', 'parent', 'children', 'account_id', 'account', 'opportunity_id', 'opportunity', 'signed_date', 'signedDate', 'effective_date', 'effectiveDate', 'expiration_date', 'expirationDate', 'renewal_type', 'renewalType', 'renewal_term', 'renewalTerm', 'notice_period', 'noticePeriod', 'notice_window_days', 'noticeWindowDays', 'renewal_date', 'renewalDate', 'notice_deadline', 'noticeDeadline', 'in_notice_window', 'inNoticeWindow', 'days_to_expiration', 'daysToExpiration', 'termination_for_convenience', 'terminationForConvenience', 'termination_for_cause', 'terminationForCause', 'governing_law', 'governingLaw', 'liability_cap', 'liabilityCap', 'liability_uncapped', 'liabilityUncapped', 'price_escalation_trigger', 'priceEscalationTrigger', 'total_value', 'totalValue', 'base_value', 'baseValue', 'one_time_amount', 'oneTimeAmount', 'recurring_amount', 'recurringAmount', 'assigned_arr', 'assignedArr', 'assigned_mrr', 'assignedMrr', 'arr', 'mrr', 'billing_frequency', 'billingFrequency', 'billing_start_date', 'billingStartDate', 'payment_terms', 'paymentTerms', 'discount_percent', 'discountPercent', 'uplift_percent', 'upliftPercent', 'contract_owner_id', 'contractOwner', 'business_owner_id', 'businessOwner', 'renewal_owner_id', 'renewalOwner', 'amendment_count', 'amendmentCount', 'latest_amendment_date', 'latestAmendmentDate', 'template_deviations', 'templateDeviations', 'has_redline_summary', 'hasRedlineSummary', 'risk_score', 'riskScore', 'risk_level', 'riskLevel', 'parties', 'documents', 'amendments', 'lines', 'milestones', 'service_levels', 'serviceLevels', 'obligations', 'risk_assessments', 'riskAssessments', 'changes', 'renewal_acknowledgements', 'renewalAcknowledgements', 'value_flags', 'valueFlags', 'access_requests', 'accessRequests', 'provenance', 'salesforce', 'drift', 'version', 'updated_at', 'updatedAt']
-- $4: 2
