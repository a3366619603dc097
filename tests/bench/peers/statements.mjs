// What mercurius.mjs asks the database. $1 is the org; lists of several parents end with their length, $3.
import { noticeDeadline, today } from './notice.mjs';

const text = (parts, ...values) => String.raw({ raw: parts }, ...values);

const CONTRACT = `c.id, c.number, c.title, c.status, c.type, c.effective_date AS "effectiveDate",
  c.expiration_date AS "expirationDate", c.total_value_amount AS amount, c.total_value_currency AS currency,
  c.risk_level AS "riskLevel"`;
const PAGED = `SELECT ${CONTRACT}, c.amendment_count AS "amendmentCount" FROM contract c WHERE c.org_id = $1`;
const ORDER = 'ORDER BY expiration_date, id LIMIT $2';
const BY_DAY = ORDER.replaceAll('expiration_date', '"expirationDate"');

// Of each parent as many as are asked for.
function ofParents(columns, table, parent, order) {
  return `SELECT parent, found.* FROM unnest($2::uuid[]) AS parent, LATERAL (
    SELECT ${columns} FROM ${table} c WHERE c.org_id = $1 AND c.${parent} = parent ORDER BY ${order} LIMIT $3) found`;
}

export const opportunity = 'SELECT id, name, stage FROM opportunity WHERE org_id = $1 AND salesforce_id = $2';

export const contracts = `SELECT found.*, CASE
    WHEN status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED') OR "renewalType" = 'NONE'
      OR "renewalType" = 'OPTION_TO_RENEW' AND "expirationDate" < ${today(text)} THEN false
    ELSE "noticeDeadline" - ${today(text)} BETWEEN 0 AND coalesce(notice_window_days, 90)
  END AS "inNoticeWindow"
  FROM (${ofParents(
    `${CONTRACT}, c.renewal_type AS "renewalType", c.notice_window_days,
     ${noticeDeadline(text, 'c')} AS "noticeDeadline", c.expiration_date - ${today(text)} AS "daysToExpiration"`,
    'contract',
    'opportunity_id',
    'c.expiration_date, c.id'
  )} OFFSET 0) found`;

export const parties = ofParents(
  'c.role, c.legal_name AS "legalName", c.country',
  'contract_party',
  'contract_id',
  'c.id'
);

export const amendments = ofParents(
  `c.number, c.kind, c.signed_date AS "signedDate", c.rationale, c.value_change_amount AS amount,
   c.value_change_currency AS currency`,
  'amendment',
  'contract_id',
  'c.signed_date DESC NULLS LAST, c.id'
);

export const documents = ofParents('c.title, c.type, c.link, c.sha256, c.executed', 'document', 'contract_id', 'c.id');

export const obligations = ofParents(
  'c.kind, c.status, c.due_date AS "dueDate", c.deliverable',
  'obligation',
  'contract_id',
  'c.due_date, c.id'
);

export const found = `${PAGED} AND (c.number ILIKE $3 OR c.title ILIKE $3 OR EXISTS (
  SELECT FROM contract_party p WHERE p.org_id = $1 AND p.contract_id = c.id AND p.legal_name ILIKE $3)) ${ORDER}`;

// A status or currency that is null stands for all of them: neither is absent where there is an amount.
export const portfolio = `SELECT status, total_value_currency AS currency, count(*)::integer AS count,
    sum(total_value_amount) AS amount, grouping(status) AS "ofAllStates", grouping(total_value_currency) AS "ofAll"
  FROM contract WHERE org_id = $1
  GROUP BY GROUPING SETS ((), (total_value_currency), (status), (status, total_value_currency))
  ORDER BY status, currency`;

export const firstPage = `${PAGED} ${ORDER}`;

// Two reads of the index, merged: those with a day, then those without.
export const pageAfterDay = `(${PAGED} AND (c.expiration_date, c.id) > ($4::date, $3::uuid) ${ORDER}) UNION ALL
  (${PAGED} AND c.expiration_date IS NULL ${ORDER}) ${BY_DAY}`;

export const pageAfterDays = `${PAGED} AND c.expiration_date IS NULL AND c.id > $3::uuid ORDER BY c.id LIMIT $2`;
