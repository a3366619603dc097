// When one must speak before a contract renews: the SQL of ../limit_panel.sql, over the columns of row `c`.
// `sql` is a template tag, so that each server writes SQL as it does elsewhere.
export const today = (sql) => sql`(now() AT TIME ZONE 'UTC')::date`;

export function noticeDeadline(sql, c) {
  const now = today(sql);
  return sql`(CASE
    WHEN ${c}.status NOT IN ('ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED')
      OR ${c}.renewal_type = 'NONE' THEN NULL
    WHEN ${c}.expiration_date >= ${now} THEN ${c}.expiration_date
    WHEN ${c}.renewal_type <> 'OPTION_TO_RENEW' THEN (
      SELECT (began + term * times)::date
        FROM (SELECT coalesce(${c}.expiration_date,
                       CASE ${c}.renewal_type WHEN 'EVERGREEN' THEN ${c}.effective_date END) AS began,
                     ${c}.renewal_term::interval AS term) terms,
             LATERAL (SELECT greatest((${now} - began)::bigint * 4800 / (
                        (extract(year FROM term) * 12 + extract(month FROM term)) * 146097
                        + extract(day FROM term) * 4800)::bigint,
                        (${c}.expiration_date IS NULL)::integer) AS fewest) estimate,
             generate_series(fewest, fewest + 2) AS times
       WHERE (began + term * times)::date >= ${now} LIMIT 1)
  END - ${c}.notice_period::interval)::date`;
}

const RENEWING = new Set(['ACTIVE', 'AMENDED', 'EXECUTED', 'EXPIRING_SOON', 'SUSPENDED']);
const DAY = 86_400_000;

// Days are texts as PostgreSQL writes them.
export function inNoticeWindow({ status, renewalType, expirationDate, noticeWindowDays, deadline }) {
  const today = new Date().toISOString().slice(0, 10);
  if (!RENEWING.has(status) || renewalType === 'NONE') return false;
  if (renewalType === 'OPTION_TO_RENEW' && expirationDate !== null && expirationDate < today) return false;
  if (deadline === null) return null;
  const days = (Date.parse(deadline) - Date.parse(today)) / DAY;
  return days >= 0 && days <= (noticeWindowDays ?? 90);
}
