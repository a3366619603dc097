"""How the tests are spread over the processes of `make test`: what takes longest begins first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

LONGEST = (
    "api/test_access_matrix.py", "lwc_client/test_browser.py", "stock_clients", "lwc_client/test_project.py",
    "api/fuzz/test_planner_equals_reference.py", "auth/test_two_workers.py", "test_security_docs.py",
    "api/test_demo.py",
    "sync/salesforce/test_outbox_faults.py", "sync/alerts/test_alerts_told.py", "sync/feeds/test_fpds.py",
    "auth/test_policy_mutations.py", "auth/test_policy.py",
    "auth/test_aws_kms.py", "domain/test_one_line_field.py", "api/test_audit_survives_kill.py",
    "storage/test_backup.py", "storage/test_embedded.py", "api/test_bench_smoke.py",
)  # fmt: skip
"""Files and folders, the longest first; the rest is short enough to fill the gaps at the end."""
APART = ("api/test_access_matrix.py",)
"""Files whose tests are long and share nothing: each may run anywhere."""
TOGETHER = ("stock_clients",)
"""Folders whose files share what is dear to make; elsewhere each file has its own."""
ADDRESSED = re.compile(r"<[^>]+ at ")
"""What Python writes of an object that says nothing of itself: another in every process."""


class Spread(LoadScopeScheduling):
    """Keeps in one process what shares its fixtures: the tests of a file, or of a folder."""

    def _split_scope(self, nodeid: str) -> str:
        place = _place(nodeid)
        if place in APART:
            return nodeid
        folder = place.partition("/")[0]
        return folder if folder in TOGETHER else place


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread:
    return Spread(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)
    else:
        _refuse_addressed([item.nodeid for item in items])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(ids: Sequence[str]) -> None:
    _refuse_addressed(ids)  # by the process that starts the others: what they raise here is told by nobody


def _refuse_addressed(ids: Sequence[str]) -> None:
    """Refuse names that differ from process to process: none runs unless all have found the same."""
    if addressed := [each for each in ids if ADDRESSED.search(each)]:
        raise pytest.UsageError("give these tests ids: their names hold addresses\n" + "\n".join(addressed))


def _turn(item: pytest.Item) -> int:
    place = _place(item.nodeid)
    return next((turn for turn, each in enumerate(LONGEST) if place.startswith(each)), len(LONGEST))


def _place(nodeid: str) -> str:
    return nodeid.partition("::")[0].removeprefix("tests/")
