SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT json_build_object('contract', (SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", '"Contract"'::json AS __typename, t1.id AS id, t1.number AS number, t1.title AS title, t1.type AS type, t1.status AS status, NULL::json AS "expirationDate", NULL::json AS "renewalTerm", NULL::json AS "noticeDeadline", NULL::json AS "inNoticeWindow", NULL::json AS "daysToExpiration", NULL::json AS "totalValue", NULL::json AS "discountPercent", NULL::json AS "governingLaw", NULL::json AS "liabilityCap", NULL::json AS "riskScore", t1.version AS version, t1.updated_at AS "updatedAt"
FROM contract AS t1
WHERE t1.org_id = $1::UUID AND t1.number = $2::VARCHAR) AS "$")) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: K-1
