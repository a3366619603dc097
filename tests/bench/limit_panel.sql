-- $1 the org, $2 the opportunity's Salesforce id, $3 today
SELECT row_to_json(answer) FROM (SELECT (SELECT row_to_json(found) FROM (
  SELECT o.id, o.name, o.stage, json_build_object('nodes', (
    SELECT coalesce(json_agg(c), '[]') FROM (
      SELECT c.id, c.number, c.title, c.status, c.type, c.effective_date AS "effectiveDate",
             c.expiration_date AS "expirationDate", c.renewal_type AS "renewalType",
             notice.deadline AS "noticeDeadline",
             CASE WHEN c.status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED')
                    OR c.renewal_type = 'NONE'
                    OR c.renewal_type = 'OPTION_TO_RENEW' AND c.expiration_date < $3::date THEN false
                  ELSE notice.deadline - $3::date BETWEEN 0 AND coalesce(c.notice_window_days, 90)
             END AS "inNoticeWindow",
             c.expiration_date - $3::date AS "daysToExpiration",
             CASE WHEN c.total_value_amount IS NOT NULL THEN json_build_object(
               'amount', c.total_value_amount::text, 'currency', c.total_value_currency) END AS "totalValue",
             c.risk_level AS "riskLevel",
             json_build_object('nodes', (SELECT coalesce(json_agg(p), '[]') FROM (
               SELECT role, legal_name AS "legalName", country FROM contract_party
                WHERE org_id = $1 AND contract_id = c.id ORDER BY id LIMIT 10) p)) AS parties,
             json_build_object('nodes', (SELECT coalesce(json_agg(a), '[]') FROM (
               SELECT number, kind, signed_date AS "signedDate", rationale,
                      CASE WHEN value_change_amount IS NOT NULL THEN json_build_object(
                        'amount', value_change_amount::text, 'currency', value_change_currency)
                      END AS "valueChange"
                 FROM amendment WHERE org_id = $1 AND contract_id = c.id
                ORDER BY signed_date DESC NULLS LAST, id LIMIT 5) a)) AS amendments,
             json_build_object('nodes', (SELECT coalesce(json_agg(d), '[]') FROM (
               SELECT title, type, link, sha256, executed FROM document
                WHERE org_id = $1 AND contract_id = c.id ORDER BY id LIMIT 10) d)) AS documents,
             json_build_object('nodes', (SELECT coalesce(json_agg(b), '[]') FROM (
               SELECT kind, status, due_date AS "dueDate", deliverable FROM obligation
                WHERE org_id = $1 AND contract_id = c.id ORDER BY due_date, id LIMIT 10) b)) AS obligations
        FROM contract c,
             LATERAL (SELECT (CASE
                 WHEN c.status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED')
                   OR c.renewal_type = 'NONE' THEN NULL
                 WHEN c.expiration_date >= $3::date THEN c.expiration_date
                 WHEN c.renewal_type <> 'OPTION_TO_RENEW' THEN (
                   -- The first whole number of terms that leads to today or beyond; a mean month has 146097 / 4800 days.
                   SELECT (began + term * times)::date
                     FROM (SELECT coalesce(c.expiration_date, CASE c.renewal_type WHEN 'EVERGREEN' THEN c.effective_date END) AS began,
                                  c.renewal_term::interval AS term) terms,
                          LATERAL (SELECT greatest(($3::date - began)::bigint * 4800 / (
                                     (extract(year FROM term) * 12 + extract(month FROM term)) * 146097
                                     + extract(day FROM term) * 4800)::bigint,
                                     (c.expiration_date IS NULL)::integer) AS fewest) estimate,
                          generate_series(fewest, fewest + 2) AS times
                    WHERE (began + term * times)::date >= $3::date LIMIT 1)
               END - c.notice_period::interval)::date AS deadline OFFSET 0) AS notice
       WHERE c.org_id = $1 AND c.opportunity_id = o.id
       ORDER BY c.expiration_date, c.id LIMIT 3) c)) AS contracts
    FROM opportunity o WHERE o.org_id = $1 AND o.salesforce_id = $2) found) AS opportunity) answer
