SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('eq', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t1.id AS "$id", t1.number AS number
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.expiration_date = $2::DATE ORDER BY t1.id ASC
 LIMIT $3::INTEGER) AS "$")), 'between', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t2.id AS "$id", t2.number AS number
FROM contract AS t2
WHERE t2.org_id = $1::UUID AND t2.expiration_date > $4::DATE AND t2.expiration_date <= $5::DATE ORDER BY t2.id ASC
 LIMIT $3::INTEGER) AS "$")), 'before', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_3
FROM (SELECT t3.id AS "$id", t3.number AS number
FROM contract AS t3
WHERE t3.org_id = $1::UUID AND t3.expiration_date < $4::DATE ORDER BY t3.id ASC
 LIMIT $3::INTEGER) AS "$")), 'unsaid', json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contract AS t4
WHERE t4.org_id = $1::UUID AND (t4.expiration_date IS NULL) = $6::BOOLEAN)), 'since', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_4
FROM (SELECT t5.id AS "$id", t5.number AS number
FROM contract AS t5
WHERE t5.org_id = $1::UUID AND t5.updated_at >= $7::TIMESTAMP WITH TIME ZONE ORDER BY t5.id ASC
 LIMIT $3::INTEGER) AS "$")), 'live', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_5
FROM (SELECT t6.id AS "$id", t6.number AS number
FROM contract AS t6
WHERE t6.org_id = $1::UUID AND CAST(CASE WHEN (t6.status IS NULL) THEN NULL WHEN ((t6.status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED')) OR t6.renewal_type = 'NONE' OR t6.renewal_type = 'OPTION_TO_RENEW' AND t6.expiration_date < $8::DATE) THEN false ELSE nullif(greatest(CAST(CAST(CASE WHEN (t6.status IS NULL OR (t6.status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED'))) THEN NULL WHEN (t6.renewal_type = 'EVERGREEN' AND coalesce(t6.renewal_term, 'P0D') = 'P0D') THEN NULL WHEN (t6.renewal_type IN ('AUTO_RENEW', 'OPTION_TO_RENEW', 'EVERGREEN') AND t6.expiration_date >= $8::DATE) THEN t6.expiration_date WHEN (t6.renewal_type IN ('AUTO_RENEW', 'EVERGREEN') AND coalesce(t6.renewal_term, 'P0D') != 'P0D') THEN (SELECT nullif(least(CAST(once_counted.anchor + once_counted.term * (once_counted.count + CAST(once_counted.anchor + once_counted.term * once_counted.count < $8::DATE AS INTEGER) + CAST(once_counted.anchor + once_counted.term * (once_counted.count + 1) < $8::DATE AS INTEGER)) AS DATE), DATE '10000-01-01'), DATE '10000-01-01') AS nullif_1
FROM LATERAL (SELECT once_read.anchor AS anchor, once_read.term AS term, greatest((CAST($8::DATE - once_read.anchor AS BIGINT) * 4800) / CAST((EXTRACT(year FROM once_read.term) * 12 + EXTRACT(month FROM once_read.term)) * 146097 + EXTRACT(day FROM once_read.term) * 4800 AS BIGINT), CAST(t6.expiration_date IS NULL AS INTEGER)) AS count
FROM LATERAL (SELECT coalesce(t6.expiration_date, CASE WHEN (t6.renewal_type = 'EVERGREEN') THEN t6.effective_date END) AS anchor, CAST(t6.renewal_term AS INTERVAL) AS term
 LIMIT ALL OFFSET 0) AS once_read
 LIMIT ALL OFFSET 0) AS once_counted) END AS DATE) - CAST(t6.notice_period AS INTERVAL) AS DATE), DATE '0001-12-31 BC'), DATE '0001-12-31 BC') - $8::DATE BETWEEN 0 AND coalesce(t6.notice_window_days, 90) END AS BOOLEAN) = $6::BOOLEAN AND t6.expiration_date - $8::DATE >= $9::INTEGER ORDER BY t6.id ASC
 LIMIT $3::INTEGER) AS "$")), 'exact', json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_6
FROM (SELECT t7.id AS "$id", t7.number AS number
FROM contract AS t7
WHERE t7.org_id = $1::UUID AND t7.updated_at = $10::TIMESTAMP WITH TIME ZONE ORDER BY t7.id ASC
 LIMIT $3::INTEGER) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 2024-02-29
-- $3: 50
-- $4: 2026-12-31
-- $5: 2027-01-15
-- $6: True
-- $7: 2026-11-19 23:00:00+00:00
-- $8: 2026-11-21
-- $9: 0
-- $10: 2026-11-01 09:30:00.120000+00:00
