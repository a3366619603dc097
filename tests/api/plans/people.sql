SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('account', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t2.id AS "$id", CAST(E'\t' || CAST(to_json('User.email:' || CAST(t2.id AS TEXT) || ':' || t2.email) AS TEXT) AS JSON) AS email
FROM "user" AS t2
WHERE t2.org_id = $1::UUID AND t2.id = t1.owner_id) AS "$") AS owner, (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT coalesce(json_agg(page_t3.row_0) FILTER (WHERE page_t3.place <= $3::INTEGER), '[]'::json) AS edges, json_build_object('hasNextPage', count(*) > $3::INTEGER) AS "pageInfo"
FROM (SELECT row_number() OVER (ORDER BY t3.name ASC NULLS LAST, t3.id ASC) AS place, (SELECT row_to_json("$") AS row_to_json_4
FROM (SELECT rtrim(translate(encode(convert_to(CAST(json_build_array('f74694f5', CAST(t3.name AS TEXT), CAST(t3.id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_'), '=') AS cursor, (SELECT row_to_json("$") AS row_to_json_5
FROM (SELECT t3.id AS "$id", t3.name AS name, CAST(E'\t' || CAST(to_json('Contact.email:' || CAST(t3.id AS TEXT) || ':' || t3.email) AS TEXT) AS JSON) AS email, CAST(E'\t' || CAST(to_json('Contact.phone:' || CAST(t3.id AS TEXT) || ':' || t3.phone) AS TEXT) AS JSON) AS number) AS "$") AS node) AS "$") AS row_0
FROM contact AS t3
WHERE t3.org_id = $1::UUID AND t3.account_id = t1.id ORDER BY t3.name ASC NULLS LAST, t3.id ASC
 LIMIT $3::INTEGER + 1) AS page_t3) AS "$") AS contacts, json_build_object('nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_1
FROM (SELECT t4.id AS "$id", t4.name AS name
FROM contact AS t4
WHERE t4.org_id = $1::UUID AND t4.account_id = t1.id AND t4.email_index = ANY ($4::TEXT[]) AND t4.phone_index = $5::VARCHAR ORDER BY t4.id ASC
 LIMIT $6::INTEGER) AS "$")) AS found, json_build_object('totalCount', (SELECT CAST(count(*) AS INTEGER) AS count_1
FROM contact AS t6
WHERE t6.org_id = $1::UUID AND t6.account_id = t1.id AND (t6.email IS NULL) = $7::BOOLEAN), 'nodes', (SELECT coalesce(json_agg("$"), '[]'::json) AS coalesce_2
FROM (SELECT t5.id AS "$id", t5.name AS name, CAST(E'\t' || CAST(to_json('Contact.phone:' || CAST(t5.id AS TEXT) || ':' || t5.phone) AS TEXT) AS JSON) AS phone
FROM contact AS t5
WHERE t5.org_id = $1::UUID AND t5.account_id = t1.id AND (t5.email IS NULL) = $7::BOOLEAN ORDER BY t5.id ASC
 LIMIT $6::INTEGER) AS "$")) AS without
FROM account AS t1
WHERE t1.org_id = $1::UUID AND t1.salesforce_id = $8::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: 5
-- $4: ["the index of 'CORA@north.example' in Contact.email", "the index of 'nobody@north.example' in Contact.email"]
-- $5: the index of ' +49 431 1' in Contact.phone
-- $6: 50
-- $7: True
-- $8: 001Hs00000AAAAAIA5
