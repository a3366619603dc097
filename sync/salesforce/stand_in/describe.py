"""What the stand-in says of its objects: `describe` in the shape that Salesforce sends it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sync.salesforce.stand_in.catalogue import FieldType, ObjectType
from sync.salesforce.stand_in.rights import Rights

_SOAP_TYPES = {
    "boolean": "xsd:boolean", "currency": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
    "double": "xsd:double", "percent": "xsd:double", "int": "xsd:int", "id": "tns:ID",
    "reference": "tns:ID", "address": "urn:address",
}  # fmt: skip
_CODE_POINT = 3  # bytes that Salesforce reckons for each character


def describe_object(object_type: ObjectType, rights: Rights, version: str, computed: Iterable[str]) -> Any:  # noqa: ANN401 - JSON
    """Return an object as one user may see it; `computed` are the fields that the org itself computes."""
    fields = [
        describe_field(object_type, field, rights, field.name in computed)
        for field in object_type.fields.values()
        if rights.may_read(object_type.name, field.name)
    ]
    return summary(object_type, rights, version) | {
        "actionOverrides": [], "childRelationships": [], "compactLayoutable": True,
        "defaultImplementation": None, "extendedBy": None, "extendsInterfaces": None, "fields": fields,
        "implementedBy": None, "implementsInterfaces": None, "listviewable": None, "lookupLayoutable": None,
        "namedLayoutInfos": [], "networkScopeFieldName": None, "recordTypeInfos": [],
        "searchLayoutable": True, "sobjectDescribeOption": "FULL", "supportedScopes": [],
    }  # fmt: skip


def summary(object_type: ObjectType, rights: Rights, version: str) -> dict[str, Any]:
    """Return what the list of all objects says of one."""
    name, writable = object_type.name, object_type.writable
    base = f"/services/data/v{version}/sobjects/{name}"
    return {
        "activateable": False, "associateEntityType": None, "associateParentEntity": None,
        "createable": writable and rights.may_create(name), "custom": False,
        "customSetting": False, "deepCloneable": False, "deletable": False, "deprecatedAndHidden": False,
        "feedEnabled": False, "hasSubtypes": False, "isInterface": False, "isSubtype": False,
        "keyPrefix": object_type.key_prefix, "label": object_type.label,
        "labelPlural": object_type.label + "s", "layoutable": True, "mergeable": False, "mruEnabled": True,
        "name": name, "queryable": True, "replicateable": True, "retrieveable": True, "searchable": True,
        "triggerable": True, "undeletable": True, "updateable": writable and rights.may_edit(name),
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }  # fmt: skip


def describe_field(object_type: ObjectType, field: FieldType, rights: Rights, computed: bool) -> Any:  # noqa: ANN401, FBT001 - JSON
    """Return one field; what a user may not write is not updateable for that user."""
    may_write = rights.may_write(object_type.name, field.name) and not computed
    numeric = field.type in ("currency", "double", "percent", "int")
    return {
        "aggregatable": True, "aiPredictionField": False, "autoNumber": field.auto_number,
        "byteLength": field.length * (1 if field.type in ("id", "reference") else _CODE_POINT),
        "calculated": field.calculated, "calculatedFormula": None, "cascadeDelete": False,
        "caseSensitive": False, "compoundFieldName": field.compound, "controllerName": None,
        "createable": field.createable and may_write, "custom": field.custom, "defaultValue": field.default,
        "defaultValueFormula": None, "defaultedOnCreate": field.default is not None or field.owner,
        "dependentPicklist": False, "deprecatedAndHidden": False, "digits": field.digits,
        "displayLocationInDecimal": False, "encrypted": False, "externalId": field.external_id,
        "extraTypeInfo": None, "filterable": field.type not in ("textarea", "address"),
        "filteredLookupInfo": None, "formulaTreatNullNumberAsZero": False, "groupable": not numeric,
        "highScaleNumber": False, "htmlFormatted": False, "idLookup": field.id_lookup or field.external_id,
        "inlineHelpText": None, "label": field.label, "length": field.length, "mask": None,
        "maskType": None, "name": field.name, "nameField": field.name == "Name", "namePointing": False,
        "nillable": not (field.required or field.owner or field.type in ("id", "boolean")),
        "permissionable": field.custom, "picklistValues": _picklist(field), "polymorphicForeignKey": False,
        "precision": field.precision, "queryByDistance": False, "referenceTargetField": None,
        "referenceTo": [field.to] if field.to else [], "relationshipName": field.relationship,
        "relationshipOrder": None, "restrictedDelete": False, "restrictedPicklist": field.restricted,
        "scale": field.scale, "searchPrefilterable": False,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"), "sortable": True, "type": field.type,
        "unique": field.unique, "updateable": field.updateable and may_write,
        "writeRequiresMasterRead": False,
    }  # fmt: skip


def _picklist(field: FieldType) -> list[dict[str, Any]]:
    return [
        {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None,
         "value": value}
        for value in field.values
    ]  # fmt: skip
