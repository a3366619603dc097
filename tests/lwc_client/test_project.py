from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from domain.field import fields_of
from domain.graph import ENTITIES
from tests.api.command_line import ROOT
from tests.lwc_client.conftest import PROJECT, Npm

SOURCES = PROJECT / "force-app" / "main" / "default"
CHECKS = ("metadata", "references", "slds", "apex", "pmd")


@pytest.mark.parametrize("script", ["lint", "format:check"])
def test_the_sources_are_as_salesforce_and_prettier_want_them(npm: Npm, script: str) -> None:
    done = npm(script)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_component_passes_its_tests_and_hardly_a_line_is_untested(npm: Npm) -> None:
    done = npm("test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All files" in done.stdout + done.stderr, "coverage was not counted"


def test_metadata_apex_and_styles_fit_what_an_org_knows(npm: Npm) -> None:
    done = npm("check")
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert len(told) == len(CHECKS)
    skipped = [line for line in told if "skipped" in line]
    assert all(line.endswith(": 0 problems") for line in told if line not in skipped)
    if skipped:
        pytest.skip("; ".join(skipped))


def test_each_bundle_has_its_tests() -> None:
    untested = {
        folder.name
        for folder in (SOURCES / "lwc").iterdir()
        if not (folder / "__tests__" / f"{folder.name}.test.js").is_file()
    }
    assert untested == {"contractOwners"}, "what is generated has nothing to test"


def test_salesforce_has_a_field_for_each_that_the_graph_writes_on_contracts() -> None:
    named = {
        declared.field.salesforce.removeprefix("Contract.")
        for entity in ENTITIES.values()
        for declared in fields_of(entity)
        if declared.field.salesforce and re.fullmatch(r"Contract\.\w+__c", declared.field.salesforce)
    }
    there = {
        path.name.removesuffix(".field-meta.xml")
        for path in (SOURCES / "objects" / "Contract" / "fields").iterdir()
    }
    assert there == {*named, "Contract_Graph_Id__c"}
    text = (SOURCES / "objects/Contract/fields/Contract_Graph_Id__c.field-meta.xml").read_text()
    assert "<externalId>true</externalId>" in text
    assert "<unique>true</unique>" in text


def test_nothing_that_salesforce_licenses_is_in_the_repository() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "lwc-client"],  # noqa: S607 - found on the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    assert not [name for name in tracked if re.search(r"/(dist|node_modules|shots|coverage)/", name)]


def test_no_host_of_a_registry_and_no_secret_is_in_the_project() -> None:
    lock = (PROJECT / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    for path in (SOURCES / "externalCredentials").iterdir():
        assert "ecret</" not in path.read_text()
    hosts = {
        host
        for kind in ("externalCredentials", "namedCredentials")
        for path in (SOURCES / kind).iterdir()
        for host in re.findall(r"https://([^/<]+)", path.read_text())
    }
    assert hosts == {"contracts.example.com"}


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (None, "it needs Node.js 20.19 or later with npm, which are not here"),
        ("#!/bin/sh\n[ $1 = --version ] && echo v18.1.0\nexit 1\n", "and this is v18.1.0"),
    ],
)
def test_without_a_node_that_is_new_enough_the_set_up_says_so_and_goes_on(
    tmp_path: Path, node: str | None, told: str
) -> None:
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    for name in () if node is None else ("node", "npm"):
        (tmp_path / name).write_text(node or "")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [str(tmp_path / "bash"), str(ROOT / "scripts" / "preview"), "run"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert told in done.stdout
    assert "the API and GraphiQL need none of it" in done.stdout
