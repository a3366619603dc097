-- $1 the org, $2 the size of the page, $3 the digest that begins its cursors; limit.py puts in which rows
SELECT row_to_json(answer) FROM (SELECT (SELECT row_to_json(found) FROM (
  SELECT coalesce(json_agg(node) FILTER (WHERE place <= $2), '[]') AS nodes,
         json_build_object('hasNextPage', count(*) > $2, 'endCursor', CASE WHEN least(count(*), $2) > 0 THEN
           translate(encode(convert_to(json_build_array($3::text,
             (array_agg(day))[least(count(*), $2)]::text, (array_agg(id))[least(count(*), $2)]::text
           )::text, 'UTF8'), 'base64'), E'+/=\n', '-_') END) AS "pageInfo"
    FROM (SELECT row_number() OVER () AS place, c.expiration_date AS day, c.id, (SELECT row_to_json(node) FROM (
            SELECT c.id, c.number, c.title, c.status, c.type, c.effective_date AS "effectiveDate",
                   c.expiration_date AS "expirationDate",
                   CASE WHEN c.total_value_amount IS NOT NULL THEN json_build_object(
                     'amount', c.total_value_amount::text, 'currency', c.total_value_currency) END AS "totalValue",
                   c.risk_level AS "riskLevel", c.amendment_count AS "amendmentCount",
                   json_build_object('nodes', (SELECT coalesce(json_agg(p), '[]') FROM (
                     SELECT role, legal_name AS "legalName" FROM contract_party
                      WHERE org_id = $1 AND contract_id = c.id ORDER BY id LIMIT 5) p)) AS parties) node) AS node
            FROM ({rows}) c) page) found) AS contracts) answer
