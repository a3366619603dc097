SELECT answered.answer
FROM (SELECT set_config('app.org', CAST($1::UUID AS TEXT), true) AS org
 LIMIT ALL OFFSET 0) AS scope JOIN LATERAL (SELECT (SELECT mirrored.id
FROM "user" AS mirrored
WHERE mirrored.org_id = $1::UUID AND mirrored.salesforce_id = $2::VARCHAR) AS id
WHERE scope.org IS NOT NULL
 LIMIT ALL OFFSET 0) AS caller ON true JOIN LATERAL (SELECT json_build_object('contract', coalesce((SELECT row_to_json("$") AS row_to_json_1
FROM (SELECT t1.id AS "$id", '"AccessRequest"'::json AS __typename, t1.id AS id
FROM access_request AS t1
WHERE t1.org_id = $1::UUID AND t1.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_2
FROM (SELECT t2.id AS "$id", '"AmendmentChange"'::json AS __typename, t2.id AS id
FROM amendment_change AS t2
WHERE t2.org_id = $1::UUID AND t2.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_3
FROM (SELECT t3.id AS "$id", '"Amendment"'::json AS __typename, t3.id AS id
FROM amendment AS t3
WHERE t3.org_id = $1::UUID AND t3.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_4
FROM (SELECT t4.id AS "$id", '"Document"'::json AS __typename, t4.id AS id
FROM document AS t4
WHERE t4.org_id = $1::UUID AND t4.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_5
FROM (SELECT t5.id AS "$id", '"DriftFinding"'::json AS __typename, t5.id AS id
FROM drift_finding AS t5
WHERE t5.org_id = $1::UUID AND t5.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_6
FROM (SELECT t6.id AS "$id", '"FieldChange"'::json AS __typename, t6.id AS id
FROM field_change AS t6
WHERE t6.org_id = $1::UUID AND t6.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_7
FROM (SELECT t7.id AS "$id", '"ContractLine"'::json AS __typename, t7.id AS id
FROM contract_line AS t7
WHERE t7.org_id = $1::UUID AND t7.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_8
FROM (SELECT t8.id AS "$id", '"Milestone"'::json AS __typename, t8.id AS id
FROM milestone AS t8
WHERE t8.org_id = $1::UUID AND t8.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_9
FROM (SELECT t9.id AS "$id", '"Obligation"'::json AS __typename, t9.id AS id
FROM obligation AS t9
WHERE t9.org_id = $1::UUID AND t9.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_10
FROM (SELECT t10.id AS "$id", '"ContractParty"'::json AS __typename, t10.id AS id
FROM contract_party AS t10
WHERE t10.org_id = $1::UUID AND t10.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_11
FROM (SELECT t11.id AS "$id", '"Provenance"'::json AS __typename, t11.id AS id
FROM provenance AS t11
WHERE t11.org_id = $1::UUID AND t11.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_12
FROM (SELECT t12.id AS "$id", '"RenewalAcknowledgement"'::json AS __typename, t12.id AS id
FROM renewal_acknowledgement AS t12
WHERE t12.org_id = $1::UUID AND t12.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_13
FROM (SELECT t13.id AS "$id", '"RiskFactor"'::json AS __typename, t13.id AS id
FROM risk_factor AS t13
WHERE t13.org_id = $1::UUID AND t13.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_14
FROM (SELECT t14.id AS "$id", '"RiskAssessment"'::json AS __typename, t14.id AS id
FROM risk_assessment AS t14
WHERE t14.org_id = $1::UUID AND t14.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_15
FROM (SELECT t15.id AS "$id", '"SalesforceRefusal"'::json AS __typename, t15.id AS id
FROM salesforce_refusal AS t15
WHERE t15.org_id = $1::UUID AND t15.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_16
FROM (SELECT t16.id AS "$id", '"SalesforceWrite"'::json AS __typename, t16.id AS id
FROM salesforce_write AS t16
WHERE t16.org_id = $1::UUID AND t16.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_17
FROM (SELECT t17.id AS "$id", '"Measurement"'::json AS __typename, t17.id AS id
FROM measurement AS t17
WHERE t17.org_id = $1::UUID AND t17.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_18
FROM (SELECT t18.id AS "$id", '"ServiceLevel"'::json AS __typename, t18.id AS id
FROM service_level AS t18
WHERE t18.org_id = $1::UUID AND t18.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_19
FROM (SELECT t19.id AS "$id", '"ValueFlag"'::json AS __typename, t19.id AS id
FROM value_flag AS t19
WHERE t19.org_id = $1::UUID AND t19.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_20
FROM (SELECT t20.id AS "$id", '"Contract"'::json AS __typename, t20.id AS id, t20.number AS number, CASE WHEN ((t20.status = ANY ($4::TEXT[])) IS NOT true) THEN CASE WHEN (t20.total_value_amount IS NOT NULL) THEN json_build_object('amount', CAST(round(CAST(to_char(CAST(t20.total_value_amount AS NUMERIC), '9EEEE') AS NUMERIC), scale(t20.total_value_amount)) AS TEXT)) END END AS "totalValue"
FROM contract AS t20
WHERE t20.org_id = $1::UUID AND t20.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_21
FROM (SELECT t21.id AS "$id", '"User"'::json AS __typename, t21.id AS id
FROM "user" AS t21
WHERE t21.org_id = $1::UUID AND t21.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_22
FROM (SELECT t22.id AS "$id", '"Account"'::json AS __typename, t22.id AS id
FROM account AS t22
WHERE t22.org_id = $1::UUID AND t22.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_23
FROM (SELECT t23.id AS "$id", '"AccountTeamMember"'::json AS __typename, t23.id AS id
FROM account_team_member AS t23
WHERE t23.org_id = $1::UUID AND t23.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_24
FROM (SELECT t24.id AS "$id", '"Contact"'::json AS __typename, t24.id AS id
FROM contact AS t24
WHERE t24.org_id = $1::UUID AND t24.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_25
FROM (SELECT t25.id AS "$id", '"Product"'::json AS __typename, t25.id AS id
FROM product AS t25
WHERE t25.org_id = $1::UUID AND t25.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_26
FROM (SELECT t26.id AS "$id", '"OpportunityLine"'::json AS __typename, t26.id AS id
FROM opportunity_line AS t26
WHERE t26.org_id = $1::UUID AND t26.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_27
FROM (SELECT t27.id AS "$id", '"OpportunityTeamMember"'::json AS __typename, t27.id AS id
FROM opportunity_team_member AS t27
WHERE t27.org_id = $1::UUID AND t27.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_28
FROM (SELECT t28.id AS "$id", '"OpportunityContactRole"'::json AS __typename, t28.id AS id
FROM opportunity_contact_role AS t28
WHERE t28.org_id = $1::UUID AND t28.id = $3::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_29
FROM (SELECT t29.id AS "$id", '"Opportunity"'::json AS __typename, t29.id AS id
FROM opportunity AS t29
WHERE t29.org_id = $1::UUID AND t29.id = $3::UUID) AS "$")), 'account', coalesce((SELECT row_to_json("$") AS row_to_json_30
FROM (SELECT t30.id AS "$id", t30.id AS id
FROM access_request AS t30
WHERE t30.org_id = $1::UUID AND t30.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_31
FROM (SELECT t31.id AS "$id", t31.id AS id
FROM amendment_change AS t31
WHERE t31.org_id = $1::UUID AND t31.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_32
FROM (SELECT t32.id AS "$id", t32.id AS id
FROM amendment AS t32
WHERE t32.org_id = $1::UUID AND t32.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_33
FROM (SELECT t33.id AS "$id", t33.id AS id
FROM document AS t33
WHERE t33.org_id = $1::UUID AND t33.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_34
FROM (SELECT t34.id AS "$id", t34.id AS id
FROM drift_finding AS t34
WHERE t34.org_id = $1::UUID AND t34.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_35
FROM (SELECT t35.id AS "$id", t35.id AS id
FROM field_change AS t35
WHERE t35.org_id = $1::UUID AND t35.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_36
FROM (SELECT t36.id AS "$id", t36.id AS id
FROM contract_line AS t36
WHERE t36.org_id = $1::UUID AND t36.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_37
FROM (SELECT t37.id AS "$id", t37.id AS id
FROM milestone AS t37
WHERE t37.org_id = $1::UUID AND t37.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_38
FROM (SELECT t38.id AS "$id", t38.id AS id
FROM obligation AS t38
WHERE t38.org_id = $1::UUID AND t38.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_39
FROM (SELECT t39.id AS "$id", t39.id AS id
FROM contract_party AS t39
WHERE t39.org_id = $1::UUID AND t39.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_40
FROM (SELECT t40.id AS "$id", t40.id AS id
FROM provenance AS t40
WHERE t40.org_id = $1::UUID AND t40.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_41
FROM (SELECT t41.id AS "$id", t41.id AS id
FROM renewal_acknowledgement AS t41
WHERE t41.org_id = $1::UUID AND t41.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_42
FROM (SELECT t42.id AS "$id", t42.id AS id
FROM risk_factor AS t42
WHERE t42.org_id = $1::UUID AND t42.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_43
FROM (SELECT t43.id AS "$id", t43.id AS id
FROM risk_assessment AS t43
WHERE t43.org_id = $1::UUID AND t43.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_44
FROM (SELECT t44.id AS "$id", t44.id AS id
FROM salesforce_refusal AS t44
WHERE t44.org_id = $1::UUID AND t44.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_45
FROM (SELECT t45.id AS "$id", t45.id AS id
FROM salesforce_write AS t45
WHERE t45.org_id = $1::UUID AND t45.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_46
FROM (SELECT t46.id AS "$id", t46.id AS id
FROM measurement AS t46
WHERE t46.org_id = $1::UUID AND t46.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_47
FROM (SELECT t47.id AS "$id", t47.id AS id
FROM service_level AS t47
WHERE t47.org_id = $1::UUID AND t47.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_48
FROM (SELECT t48.id AS "$id", t48.id AS id
FROM value_flag AS t48
WHERE t48.org_id = $1::UUID AND t48.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_49
FROM (SELECT t49.id AS "$id", t49.id AS id
FROM contract AS t49
WHERE t49.org_id = $1::UUID AND t49.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_50
FROM (SELECT t50.id AS "$id", t50.id AS id
FROM "user" AS t50
WHERE t50.org_id = $1::UUID AND t50.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_51
FROM (SELECT t51.id AS "$id", t51.id AS id, t51.name AS name
FROM account AS t51
WHERE t51.org_id = $1::UUID AND t51.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_52
FROM (SELECT t52.id AS "$id", t52.id AS id
FROM account_team_member AS t52
WHERE t52.org_id = $1::UUID AND t52.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_53
FROM (SELECT t53.id AS "$id", t53.id AS id
FROM contact AS t53
WHERE t53.org_id = $1::UUID AND t53.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_54
FROM (SELECT t54.id AS "$id", t54.id AS id
FROM product AS t54
WHERE t54.org_id = $1::UUID AND t54.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_55
FROM (SELECT t55.id AS "$id", t55.id AS id
FROM opportunity_line AS t55
WHERE t55.org_id = $1::UUID AND t55.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_56
FROM (SELECT t56.id AS "$id", t56.id AS id
FROM opportunity_team_member AS t56
WHERE t56.org_id = $1::UUID AND t56.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_57
FROM (SELECT t57.id AS "$id", t57.id AS id
FROM opportunity_contact_role AS t57
WHERE t57.org_id = $1::UUID AND t57.id = $5::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_58
FROM (SELECT t58.id AS "$id", t58.id AS id
FROM opportunity AS t58
WHERE t58.org_id = $1::UUID AND t58.id = $5::UUID) AS "$")), 'party', coalesce((SELECT row_to_json("$") AS row_to_json_59
FROM (SELECT t59.id AS "$id", '"AccessRequest"'::json AS __typename
FROM access_request AS t59
WHERE t59.org_id = $1::UUID AND t59.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_60
FROM (SELECT t60.id AS "$id", '"AmendmentChange"'::json AS __typename
FROM amendment_change AS t60
WHERE t60.org_id = $1::UUID AND t60.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_61
FROM (SELECT t61.id AS "$id", '"Amendment"'::json AS __typename
FROM amendment AS t61
WHERE t61.org_id = $1::UUID AND t61.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_62
FROM (SELECT t62.id AS "$id", '"Document"'::json AS __typename
FROM document AS t62
WHERE t62.org_id = $1::UUID AND t62.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_63
FROM (SELECT t63.id AS "$id", '"DriftFinding"'::json AS __typename
FROM drift_finding AS t63
WHERE t63.org_id = $1::UUID AND t63.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_64
FROM (SELECT t64.id AS "$id", '"FieldChange"'::json AS __typename
FROM field_change AS t64
WHERE t64.org_id = $1::UUID AND t64.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_65
FROM (SELECT t65.id AS "$id", '"ContractLine"'::json AS __typename
FROM contract_line AS t65
WHERE t65.org_id = $1::UUID AND t65.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_66
FROM (SELECT t66.id AS "$id", '"Milestone"'::json AS __typename
FROM milestone AS t66
WHERE t66.org_id = $1::UUID AND t66.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_67
FROM (SELECT t67.id AS "$id", '"Obligation"'::json AS __typename
FROM obligation AS t67
WHERE t67.org_id = $1::UUID AND t67.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_68
FROM (SELECT t68.id AS "$id", '"ContractParty"'::json AS __typename, t68.legal_name AS "legalName"
FROM contract_party AS t68
WHERE t68.org_id = $1::UUID AND t68.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_69
FROM (SELECT t69.id AS "$id", '"Provenance"'::json AS __typename
FROM provenance AS t69
WHERE t69.org_id = $1::UUID AND t69.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_70
FROM (SELECT t70.id AS "$id", '"RenewalAcknowledgement"'::json AS __typename
FROM renewal_acknowledgement AS t70
WHERE t70.org_id = $1::UUID AND t70.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_71
FROM (SELECT t71.id AS "$id", '"RiskFactor"'::json AS __typename
FROM risk_factor AS t71
WHERE t71.org_id = $1::UUID AND t71.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_72
FROM (SELECT t72.id AS "$id", '"RiskAssessment"'::json AS __typename
FROM risk_assessment AS t72
WHERE t72.org_id = $1::UUID AND t72.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_73
FROM (SELECT t73.id AS "$id", '"SalesforceRefusal"'::json AS __typename
FROM salesforce_refusal AS t73
WHERE t73.org_id = $1::UUID AND t73.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_74
FROM (SELECT t74.id AS "$id", '"SalesforceWrite"'::json AS __typename
FROM salesforce_write AS t74
WHERE t74.org_id = $1::UUID AND t74.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_75
FROM (SELECT t75.id AS "$id", '"Measurement"'::json AS __typename
FROM measurement AS t75
WHERE t75.org_id = $1::UUID AND t75.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_76
FROM (SELECT t76.id AS "$id", '"ServiceLevel"'::json AS __typename
FROM service_level AS t76
WHERE t76.org_id = $1::UUID AND t76.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_77
FROM (SELECT t77.id AS "$id", '"ValueFlag"'::json AS __typename
FROM value_flag AS t77
WHERE t77.org_id = $1::UUID AND t77.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_78
FROM (SELECT t78.id AS "$id", '"Contract"'::json AS __typename
FROM contract AS t78
WHERE t78.org_id = $1::UUID AND t78.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_79
FROM (SELECT t79.id AS "$id", '"User"'::json AS __typename
FROM "user" AS t79
WHERE t79.org_id = $1::UUID AND t79.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_80
FROM (SELECT t80.id AS "$id", '"Account"'::json AS __typename, t80.name AS name
FROM account AS t80
WHERE t80.org_id = $1::UUID AND t80.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_81
FROM (SELECT t81.id AS "$id", '"AccountTeamMember"'::json AS __typename
FROM account_team_member AS t81
WHERE t81.org_id = $1::UUID AND t81.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_82
FROM (SELECT t82.id AS "$id", '"Contact"'::json AS __typename
FROM contact AS t82
WHERE t82.org_id = $1::UUID AND t82.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_83
FROM (SELECT t83.id AS "$id", '"Product"'::json AS __typename
FROM product AS t83
WHERE t83.org_id = $1::UUID AND t83.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_84
FROM (SELECT t84.id AS "$id", '"OpportunityLine"'::json AS __typename
FROM opportunity_line AS t84
WHERE t84.org_id = $1::UUID AND t84.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_85
FROM (SELECT t85.id AS "$id", '"OpportunityTeamMember"'::json AS __typename
FROM opportunity_team_member AS t85
WHERE t85.org_id = $1::UUID AND t85.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_86
FROM (SELECT t86.id AS "$id", '"OpportunityContactRole"'::json AS __typename
FROM opportunity_contact_role AS t86
WHERE t86.org_id = $1::UUID AND t86.id = $6::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_87
FROM (SELECT t87.id AS "$id", '"Opportunity"'::json AS __typename
FROM opportunity AS t87
WHERE t87.org_id = $1::UUID AND t87.id = $6::UUID) AS "$")), 'nothing', coalesce((SELECT row_to_json("$") AS row_to_json_88
FROM (SELECT t88.id AS "$id", t88.id AS id
FROM access_request AS t88
WHERE t88.org_id = $1::UUID AND t88.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_89
FROM (SELECT t89.id AS "$id", t89.id AS id
FROM amendment_change AS t89
WHERE t89.org_id = $1::UUID AND t89.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_90
FROM (SELECT t90.id AS "$id", t90.id AS id
FROM amendment AS t90
WHERE t90.org_id = $1::UUID AND t90.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_91
FROM (SELECT t91.id AS "$id", t91.id AS id
FROM document AS t91
WHERE t91.org_id = $1::UUID AND t91.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_92
FROM (SELECT t92.id AS "$id", t92.id AS id
FROM drift_finding AS t92
WHERE t92.org_id = $1::UUID AND t92.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_93
FROM (SELECT t93.id AS "$id", t93.id AS id
FROM field_change AS t93
WHERE t93.org_id = $1::UUID AND t93.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_94
FROM (SELECT t94.id AS "$id", t94.id AS id
FROM contract_line AS t94
WHERE t94.org_id = $1::UUID AND t94.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_95
FROM (SELECT t95.id AS "$id", t95.id AS id
FROM milestone AS t95
WHERE t95.org_id = $1::UUID AND t95.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_96
FROM (SELECT t96.id AS "$id", t96.id AS id
FROM obligation AS t96
WHERE t96.org_id = $1::UUID AND t96.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_97
FROM (SELECT t97.id AS "$id", t97.id AS id
FROM contract_party AS t97
WHERE t97.org_id = $1::UUID AND t97.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_98
FROM (SELECT t98.id AS "$id", t98.id AS id
FROM provenance AS t98
WHERE t98.org_id = $1::UUID AND t98.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_99
FROM (SELECT t99.id AS "$id", t99.id AS id
FROM renewal_acknowledgement AS t99
WHERE t99.org_id = $1::UUID AND t99.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_100
FROM (SELECT t100.id AS "$id", t100.id AS id
FROM risk_factor AS t100
WHERE t100.org_id = $1::UUID AND t100.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_101
FROM (SELECT t101.id AS "$id", t101.id AS id
FROM risk_assessment AS t101
WHERE t101.org_id = $1::UUID AND t101.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_102
FROM (SELECT t102.id AS "$id", t102.id AS id
FROM salesforce_refusal AS t102
WHERE t102.org_id = $1::UUID AND t102.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_103
FROM (SELECT t103.id AS "$id", t103.id AS id
FROM salesforce_write AS t103
WHERE t103.org_id = $1::UUID AND t103.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_104
FROM (SELECT t104.id AS "$id", t104.id AS id
FROM measurement AS t104
WHERE t104.org_id = $1::UUID AND t104.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_105
FROM (SELECT t105.id AS "$id", t105.id AS id
FROM service_level AS t105
WHERE t105.org_id = $1::UUID AND t105.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_106
FROM (SELECT t106.id AS "$id", t106.id AS id
FROM value_flag AS t106
WHERE t106.org_id = $1::UUID AND t106.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_107
FROM (SELECT t107.id AS "$id", t107.id AS id
FROM contract AS t107
WHERE t107.org_id = $1::UUID AND t107.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_108
FROM (SELECT t108.id AS "$id", t108.id AS id
FROM "user" AS t108
WHERE t108.org_id = $1::UUID AND t108.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_109
FROM (SELECT t109.id AS "$id", t109.id AS id
FROM account AS t109
WHERE t109.org_id = $1::UUID AND t109.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_110
FROM (SELECT t110.id AS "$id", t110.id AS id
FROM account_team_member AS t110
WHERE t110.org_id = $1::UUID AND t110.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_111
FROM (SELECT t111.id AS "$id", t111.id AS id
FROM contact AS t111
WHERE t111.org_id = $1::UUID AND t111.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_112
FROM (SELECT t112.id AS "$id", t112.id AS id
FROM product AS t112
WHERE t112.org_id = $1::UUID AND t112.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_113
FROM (SELECT t113.id AS "$id", t113.id AS id
FROM opportunity_line AS t113
WHERE t113.org_id = $1::UUID AND t113.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_114
FROM (SELECT t114.id AS "$id", t114.id AS id
FROM opportunity_team_member AS t114
WHERE t114.org_id = $1::UUID AND t114.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_115
FROM (SELECT t115.id AS "$id", t115.id AS id
FROM opportunity_contact_role AS t115
WHERE t115.org_id = $1::UUID AND t115.id = $7::UUID) AS "$"), (SELECT row_to_json("$") AS row_to_json_116
FROM (SELECT t116.id AS "$id", t116.id AS id
FROM opportunity AS t116
WHERE t116.org_id = $1::UUID AND t116.id = $7::UUID) AS "$"))) AS answer
WHERE scope.org IS NOT NULL) AS answered ON true
-- $1: 00000000-0000-7000-8000-000000000001
-- $2: 005Hs00000AAAAAIA5
-- $3: 00010001-0000-7000-8000-000000000001
-- $4: ['DRAFT', 'IN_REVIEW']
-- $5: 00010002-0000-7000-8000-000000000001
-- $6: 00010008-0000-7000-8000-000000000001
-- $7: 00000000-0000-7000-8000-00000000dead
