"""`contract-graph orgs`, as the operator of a new installation types it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.identity import salesforce_id
from tests.api.command_line import run_here

Typed = Callable[..., subprocess.CompletedProcess[str]]

ID = salesforce_id("00Dxx0000000001")
OTHER_ID = salesforce_id("00Dxx0000000002")
SIGN_IN = ("--issuer", "https://northlight.my.salesforce.com", "--client-id", "3MVG")


@pytest.fixture
def typed(
    owner_url: str,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """A command over a database that has no org yet."""
    given = {
        "DATABASE_URL": database_url, "DATABASE_OWNER_URL": owner_url, "CONTRACT_GRAPH_HOME": str(tmp_path),
    }  # fmt: skip
    return lambda line, *more: run_here(monkeypatch, capsys, given, *line.split(), *more)


def test_an_org_is_made_found_by_its_name_and_listed(typed: Typed) -> None:
    made = typed("orgs add", "Northlight Systems")
    assert made.returncode == 0
    assert "Northlight Systems is there, and empty" in made.stdout
    assert typed("roles list --org", "northlight systems").returncode == 0
    listed = typed("orgs list").stdout.removesuffix("\n")
    assert listed.endswith("  Northlight Systems")
    assert listed.split()[0] in made.stdout


def test_no_two_orgs_answer_to_one_name(typed: Typed) -> None:
    typed("orgs add", "Northlight Systems")
    again = typed("orgs add", "NORTHLIGHT systems")
    assert again.returncode == 1
    assert "there is an org 'Northlight Systems' already" in again.stderr
    typed("orgs add Harbour")
    renamed = typed("orgs set --org Harbour --name", "Northlight Systems")
    assert renamed.returncode == 1
    assert typed("orgs set --org Harbour --name HARBOUR").returncode == 0


def test_people_sign_in_once_their_org_is_known_by_its_salesforce_id(typed: Typed) -> None:
    typed("orgs add Northlight")
    refused = typed("signin set --org Northlight", *SIGN_IN)
    assert refused.returncode == 1
    assert "contract-graph orgs set --org" in refused.stderr
    said = typed("orgs set --org Northlight --salesforce-org-id", ID[:15])
    assert said.returncode == 0
    assert ID in said.stdout
    assert typed("signin set --org", ID, *SIGN_IN).returncode == 0
    kept = typed("orgs set --org Northlight --name Polaris")
    assert ID in kept.stdout, "who renames an org says nothing of its Salesforce"


def test_a_salesforce_id_that_is_known_is_replaced_only_by_who_says_so(typed: Typed) -> None:
    typed("orgs add Northlight --salesforce-org-id", ID)
    assert typed("orgs set --org Northlight --salesforce-org-id", ID).returncode == 0
    refused = typed("orgs set --org Northlight --salesforce-org-id", OTHER_ID)
    assert refused.returncode == 1
    assert f"Northlight is {ID} in Salesforce" in refused.stderr
    assert ID in typed("orgs list").stdout
    meant = typed("orgs set --org Northlight --yes --salesforce-org-id", OTHER_ID)
    assert f"was {ID} in Salesforce" in meant.stdout
    assert OTHER_ID in typed("orgs list").stdout


@pytest.mark.parametrize(
    ("given", "told"),
    [("005xx0000000001", "begin with 00D"), ("00D", "15 or 18"), (ID[:15] + "ZZZ", f"should be {ID[15:]}")],
)
def test_what_is_no_id_of_an_org_is_refused(typed: Typed, given: str, told: str) -> None:
    refused = typed("orgs add Northlight --salesforce-org-id", given)
    assert refused.returncode == 1
    assert told in refused.stderr
    assert not typed("orgs list").stdout


def test_two_orgs_are_never_one_in_salesforce(typed: Typed) -> None:
    typed("orgs add Northlight --salesforce-org-id", ID)
    taken = typed("orgs add Harbour --salesforce-org-id", ID)
    assert taken.returncode == 1
    assert f"another org is {ID} in Salesforce" in taken.stderr
    assert typed("orgs add Harbour --salesforce-org-id", OTHER_ID).returncode == 0


def test_a_change_that_says_nothing_is_refused(typed: Typed) -> None:
    typed("orgs add Northlight")
    assert "--salesforce-org-id" in typed("orgs set --org Northlight").stderr
    assert typed("orgs set --org Nowhere --name X").returncode == 1
