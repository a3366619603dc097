"""The fields of our own that an org must have, as the metadata to deploy: read from the declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from xml.sax.saxutils import escape

from domain.contract import Contract
from domain.field import DeclaredField, Kind
from domain.money import Money
from domain.term import Period
from sync.salesforce.mapping import EXTERNAL_IDS, Mapped, mapped

_CUSTOM: Final = "__c"
_LABELS: Final[Mapping[str, str]] = {"Type__c": "Agreement Type"}
_DIGITS: Final[Mapping[str, int]] = {"Risk_Score__c": 3}
"""What a declaration does not say: another label than the name, other digits than six."""

_ACRONYMS: Final = frozenset({"MSA", "SOW", "NDA", "DPA"})
_KEY_MEANING: Final = "Identity of the contract in the contract graph, by which the sync finds it again."
_SAID: Final = "Written by the contract graph."
_PERIOD: Final = "as ISO 8601 writes it, such as P1Y or P90D"
SOURCES: Final = "force-app"
"""Where in a project the sources are."""

_PROJECT: Final = """\
{
  "packageDirectories": [{ "path": "force-app", "default": true }],
  "sourceApiVersion": "66.0"
}
"""
Lines = tuple[str, ...]


def project() -> Mapping[str, str]:
    """Return by path the files of a Salesforce DX project that holds the fields, and nothing else."""
    return {"sfdx-project.json": _PROJECT} | {
        f"{SOURCES}/main/default/{path}": text for path, text in custom_fields().items()
    }


def custom_fields() -> Mapping[str, str]:
    """Return by path, such as objects/Contract/fields/ARR__c.field-meta.xml, each CustomField to deploy."""
    places = [each for each in mapped(Contract).values() if each.name.endswith(_CUSTOM)]
    found = {_path(each.object, each.name): _field(each) for each in places}
    return dict(sorted((found | {_path(*key): _key(key[1]) for key in EXTERNAL_IDS.items()}).items()))


def _path(object_name: str, name: str) -> str:
    return f"objects/{object_name}/fields/{name}.field-meta.xml"


def _key(name: str) -> str:
    form = ("<externalId>true</externalId>", "<length>36</length>", "<unique>true</unique>",
            "<caseSensitive>false</caseSensitive>")  # fmt: skip
    return _document(name, _KEY_MEANING, form, "Text")


def _field(place: Mapped) -> str:
    declared = place.declared
    form, type_, after = _form(place)
    meaning = declared.field.meaning
    if declared.type is Period:
        meaning = f"{meaning.rstrip('.')}, {_PERIOD}."
    return _document(place.name, meaning, form, type_, after)


def _form(place: Mapped) -> tuple[Lines, str, Lines]:
    """Return what comes before the type of a field, the type, and what comes after it."""
    declared = place.declared
    if declared.kind is Kind.REFERENCE:
        return _lookup(declared), "Lookup", ()
    if issubclass(declared.type, StrEnum):
        return (), "Picklist", tuple(_choices(declared.type))
    for types, form, type_ in _FORMS:
        if issubclass(declared.type, types):
            digits = _DIGITS.get(place.name, 6)
            return tuple(each.format(digits=digits) for each in form), type_, ()
    raise TypeError(f"{declared.coordinate} has no form in Salesforce")


def _lookup(declared: DeclaredField) -> Lines:
    return (
        "<deleteConstraint>SetNull</deleteConstraint>", f"<referenceTo>{declared.target}</referenceTo>",
        "<relationshipLabel>Contracts of the graph</relationshipLabel>",
        "<relationshipName>Graph_Contracts</relationshipName>",
    )  # fmt: skip


def _choices(type_: type[StrEnum]) -> Iterator[str]:
    yield from (
        "<valueSet>", "    <restricted>false</restricted>", "    <valueSetDefinition>",
        "        <sorted>false</sorted>",
    )  # fmt: skip
    for each in type_:
        label = each.value if each.value in _ACRONYMS else each.value.replace("_", " ").capitalize()
        yield from (
            "        <value>", f"            <fullName>{each.value}</fullName>",
            "            <default>false</default>", f"            <label>{escape(label)}</label>",
            "        </value>",
        )  # fmt: skip
    yield from ("    </valueSetDefinition>", "</valueSet>")


def _document(name: str, meaning: str, form: Lines, type_: str, after: Lines = ()) -> str:
    label = _LABELS.get(name, name.removesuffix(_CUSTOM).replace("_", " "))
    lines = (
        f"<fullName>{name}</fullName>", f"<description>{escape(f'{meaning} {_SAID}')}</description>",
        f"<label>{escape(label)}</label>", *form, "<required>false</required>",
        "<trackHistory>false</trackHistory>", f"<type>{type_}</type>", *after,
    )  # fmt: skip
    body = "\n".join(f"    {line}" for line in lines)
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        f'<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">\n{body}\n</CustomField>\n'
    )


_FORMS: Final[tuple[tuple[type | tuple[type, ...], Lines, str], ...]] = (
    (Money, ("<precision>18</precision>", "<scale>2</scale>"), "Currency"),
    (Decimal, ("<precision>18</precision>", "<scale>6</scale>"), "Number"),
    (int, ("<precision>{digits}</precision>", "<scale>0</scale>"), "Number"),
    (datetime, (), "DateTime"),
    (date, (), "Date"),
    (Period, ("<externalId>false</externalId>", "<length>40</length>"), "Text"),
    (str, ("<externalId>false</externalId>", "<length>255</length>"), "Text"),
)
"""By type of the value, the first that fits: a moment is a date, too."""
