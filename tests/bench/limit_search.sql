-- $1 the org, $2 the size of the page, $3 the text, in any case
SELECT row_to_json(answer) FROM (SELECT (SELECT row_to_json(found) FROM (
  SELECT coalesce(json_agg(node) FILTER (WHERE place <= $2), '[]') AS nodes,
         json_build_object('hasNextPage', count(*) > $2) AS "pageInfo"
    FROM (SELECT row_number() OVER () AS place, (SELECT row_to_json(node) FROM (
            SELECT c.id, c.number, c.title, c.status, c.expiration_date AS "expirationDate") node) AS node
            FROM (SELECT id, number, title, status, expiration_date FROM contract
                   WHERE org_id = $1
                     AND (strpos(lower(number), lower($3)) > 0 OR strpos(lower(title), lower($3)) > 0
                          OR EXISTS (SELECT FROM contract_party p
                                      WHERE p.org_id = $1 AND p.contract_id = contract.id
                                        AND strpos(lower(p.legal_name), lower($3)) > 0))
                   ORDER BY expiration_date, id LIMIT $2 + 1) c) page) found) AS contracts) answer
