SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", '"Contract"'::json AS __typename, t1.id AS id, t1.number AS number, t1.title AS title, t1.type AS type, t1.status AS status, t1.expiration_date AS "expirationDate", t1.renewal_term AS "renewalTerm", live_t1.notice_deadline AS "noticeDeadline", CAST(CASE WHEN (t1.status IS NULL) THEN NULL WHEN ((t1.status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED')) OR t1.renewal_type = 'NONE' OR t1.renewal_type = 'OPTION_TO_RENEW' AND t1.expiration_date < $3::DATE) THEN false ELSE live_t1.notice_deadline - $3::DATE BETWEEN 0 AND coalesce(t1.notice_window_days, 90) END AS BOOLEAN) AS "inNoticeWindow", t1.expiration_date - $3::DATE AS "daysToExpiration", CASE WHEN (t1.total_value_amount IS NOT NULL) THEN json_build_object('amount', CAST(t1.total_value_amount AS TEXT), 'currency', t1.total_value_currency) END AS "totalValue", CAST(t1.discount_percent AS TEXT) AS "discountPercent", NULL::json AS "governingLaw", NULL::json AS "liabilityCap", NULL::json AS "riskScore", NULL::json AS version, t1.updated_at AS "updatedAt"
FROM contract AS t1 JOIN LATERAL (SELECT nullif(greatest(CAST(CAST(CASE WHEN (t1.status IS NULL OR (t1.status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED'))) THEN NULL WHEN (t1.renewal_type = 'EVERGREEN' AND coalesce(t1.renewal_term, 'P0D') = 'P0D') THEN NULL WHEN (t1.renewal_type IN ('AUTO_RENEW', 'OPTION_TO_RENEW', 'EVERGREEN') AND t1.expiration_date >= $3::DATE) THEN t1.expiration_date WHEN (t1.renewal_type IN ('AUTO_RENEW', 'EVERGREEN') AND coalesce(t1.renewal_term, 'P0D') != 'P0D') THEN (SELECT nullif(least(CAST(once_counted.anchor + once_counted.term * (once_counted.count + CAST(once_counted.anchor + once_counted.term * once_counted.count < $3::DATE AS INTEGER) + CAST(once_counted.anchor + once_counted.term * (once_counted.count + 1) < $3::DATE AS INTEGER)) AS DATE), DATE '10000-01-01'), DATE '10000-01-01') AS nullif_1
FROM LATERAL (SELECT once_read.anchor AS anchor, once_read.term AS term, greatest((CAST($3::DATE - once_read.anchor AS BIGINT) * 4800) / CAST((EXTRACT(year FROM once_read.term) * 12 + EXTRACT(month FROM once_read.term)) * 146097 + EXTRACT(day FROM once_read.term) * 4800 AS BIGINT), CAST(t1.expiration_date IS NULL AS INTEGER)) AS count
FROM LATERAL (SELECT coalesce(t1.expiration_date, CASE WHEN (t1.renewal_type = 'EVERGREEN') THEN t1.effective_date END) AS anchor, CAST(t1.renewal_term AS INTERVAL) AS term
 LIMIT ALL OFFSET 0) AS once_read
 LIMIT ALL OFFSET 0) AS once_counted) END AS DATE) - CAST(t1.notice_period AS INTERVAL) AS DATE), DATE '0001-12-31 BC'), DATE '0001-12-31 BC') AS notice_deadline
 LIMIT ALL OFFSET 0) AS live_t1 ON true
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
WHERE t7.org_id = $1::UUID AND t7.account_id = t6.id AND t7.user_id = caller.id))))))))) AND t1.number = $4::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: 2026-11-21
-- $4: K-1
