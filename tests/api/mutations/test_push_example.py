"""The example of docs/integrators.md does what is said beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.api.mutations.office import Office

GUIDE = Path(__file__).parents[3] / "docs" / "integrators.md"


def test_the_guide_s_example_makes_a_contract(office: Office) -> None:
    section = GUIDE.read_text(encoding="utf-8").partition("## Push claims")[2].partition("\n## ")[0]
    examples = dict(re.findall(r"^```(graphql|json)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    token = office.token("integrator", subject="guide")
    variables = json.loads(examples["json"])
    [made] = office.data(examples["graphql"], variables, token)["claimContracts"]["results"]
    assert made["contract"] == {
        "id": made["contract"]["id"], "version": 2, "status": "EXECUTED",
        "totalValue": {"amount": "12000.00", "currency": "EUR"},
    }  # fmt: skip
    said = variables["input"]["contracts"][0]["fields"]
    assert {each["field"] for each in made["accepted"]} == set(said)
    assert (made["refused"], made["conflicts"], made["error"]) == ([], [], None)
