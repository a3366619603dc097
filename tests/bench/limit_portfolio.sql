-- $1 the org; its contracts are read once
WITH cells AS MATERIALIZED (
  SELECT status, total_value_currency AS currency, count(*) AS contracts, sum(total_value_amount) AS amount
    FROM contract WHERE org_id = $1 GROUP BY 1, 2),
by_currency AS (
  SELECT currency, sum(amount)::text AS amount, sum(contracts)::integer AS count
    FROM cells WHERE currency IS NOT NULL GROUP BY currency ORDER BY currency),
by_status AS (
  SELECT status, sum(contracts)::integer AS count,
         coalesce(json_agg(json_build_object('currency', currency, 'amount', amount::text) ORDER BY currency)
                  FILTER (WHERE currency IS NOT NULL), '[]') AS totals
    FROM cells GROUP BY status ORDER BY status)
SELECT row_to_json(answer) FROM (SELECT (SELECT row_to_json(found) FROM (
  SELECT (SELECT coalesce(sum(contracts), 0)::integer FROM cells) AS count,
         (SELECT coalesce(json_agg(t), '[]') FROM by_currency t) AS totals,
         (SELECT coalesce(json_agg(s), '[]') FROM by_status s) AS "byStatus") found) AS portfolio) answer
