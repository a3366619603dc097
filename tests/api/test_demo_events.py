"""What happens when somebody presses the buttons of the demo's page of events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from api.commands.demo_events import TELLINGS
from tests.api.running_demo import PATIENCE, RunningDemo, demo, new_home

OURS = {"X-Demo": "events"}


@pytest.fixture(scope="module")
def shown() -> Iterator[RunningDemo]:
    with new_home() as home, demo(home) as running:
        yield running


def press(shown: RunningDemo, path: str) -> Any:
    answer = httpx.post(f"{shown.origin}/demo/{path}", headers=OURS, timeout=30)
    assert answer.status_code == 200
    return answer.json()


def contract(shown: RunningDemo) -> Any:
    answer = httpx.get(f"{shown.origin}/demo/contract", timeout=30).json()
    return answer["data"]["contract"] | {"there": answer["salesforce"]}


def until(shown: RunningDemo, holds: Callable[[Any], bool]) -> Any:
    """Wait for the worker of the demo."""
    began = time.monotonic()
    while not holds(found := contract(shown)):
        assert time.monotonic() - began < PATIENCE, found
        time.sleep(0.5)  # as the page does: each look costs its points
    return found


def test_a_contract_is_signed_amended_and_contested(shown: RunningDemo) -> None:
    assert contract(shown)["status"] == "DRAFT"
    assert press(shown, "events/signed")["answer"]["accepted"] == 1
    signed = until(shown, lambda found: found["status"] == "EXECUTED")
    assert signed["totalValue"] == {"amount": "118000.00", "currency": "EUR"}
    press(shown, "events/amended")
    amended = until(shown, lambda found: found["status"] == "AMENDED")
    assert (amended["amendmentCount"], amended["totalValue"]["amount"]) == (1, "131500.00")
    time.sleep(1.1)  # Salesforce tells moments by the second: within the same one the edit would be older
    assert press(shown, "edit")["status"] == 204
    edited = until(
        shown, lambda found: "CONFLICT" in {each["decision"] for each in found["changes"]["nodes"]}
    )
    assert edited["there"]["Opportunity.Amount"] == 99000
    press(shown, "compare")
    until(shown, lambda found: found["there"]["Opportunity.Amount"] == 131500)
    press(shown, "events/drafted")
    told = until(shown, lambda found: len({each["decision"] for each in found["changes"]["nodes"]}) == 3)
    assert (told["status"], told["totalValue"]) == ("AMENDED", amended["totalValue"])
    value = next(each for each in told["provenance"]["nodes"] if each["field"] == "totalValue")
    assert (value["owner"], value["source"]) == ("CLM", "agreements")
    assert value["refusedBecause"].startswith("Salesforce said so within 15 minutes of the signature")
    there = until(shown, lambda found: found["there"].get("Opportunity.Amount") == 131500)["there"]
    assert (there["Contract.Status"], there["Contract.Amendment_Count__c"]) == ("Activated", 1)


def test_the_page_has_a_button_for_each_event(shown: RunningDemo) -> None:
    page = httpx.get(f"{shown.origin}/events").text
    for name, telling in TELLINGS.items():
        assert f'data-path="/demo/events/{name}">{telling.label}</button>' in page


@pytest.mark.parametrize("path", ["events/signed", "edit", "compare"])
def test_another_page_cannot_press_them(shown: RunningDemo, path: str) -> None:
    assert httpx.post(f"{shown.origin}/demo/{path}").status_code == 404
