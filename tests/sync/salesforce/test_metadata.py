"""The metadata of our fields: that of the package, and what the stand-in takes a field for."""

from __future__ import annotations

import json
import re

import pytest

from sync.salesforce.metadata import SOURCES, custom_fields, project
from sync.salesforce.stand_in.catalogue import objects
from tests.api.command_line import ROOT

PACKAGE = ROOT / "lwc-client" / "force-app" / "main" / "default"
TYPES = {
    "string": "Text", "double": "Number", "currency": "Currency", "date": "Date", "picklist": "Picklist",
    "reference": "Lookup",
}  # fmt: skip


def said(text: str, name: str) -> list[str]:
    return re.findall(rf"<{name}>(.*?)</{name}>", text)


def test_the_package_has_just_these_fields_and_says_the_same_of_them() -> None:
    there = {str(path.relative_to(PACKAGE)) for path in (PACKAGE / "objects").rglob("*.field-meta.xml")}
    assert there == custom_fields().keys()
    for path, text in custom_fields().items():
        assert (PACKAGE / path).read_text("utf-8") == text, f"write it anew: crm fields prints {path}"


@pytest.mark.parametrize("path", custom_fields())
def test_a_field_is_what_the_stand_in_has_it_for(path: str) -> None:
    text, (_, object_name, _, file) = custom_fields()[path], path.split("/")
    field = objects()[object_name].fields[file.removesuffix(".field-meta.xml")]
    assert said(text, "type") == [TYPES[field.type]]
    assert said(text, "fullName")[0] == field.name
    assert tuple(said(text, "fullName")[1:]) == field.values
    assert said(text, "externalId") in ([], [str(field.external_id).lower()])
    if field.type == "string":
        assert said(text, "length") == [str(field.length)]
    if field.type in ("double", "currency"):
        assert (said(text, "precision"), said(text, "scale")) == ([str(field.precision)], [str(field.scale)])


def test_a_project_says_where_its_sources_are() -> None:
    files = project()
    assert json.loads(files["sfdx-project.json"])["packageDirectories"] == [
        {"path": SOURCES, "default": True}
    ]
    assert all(path.startswith(SOURCES) for path in files if path != "sfdx-project.json")
