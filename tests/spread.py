"""How the tests are spread over the processes of `make test`: what takes longest begins first."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
LONGEST = (
    "api/test_access_matrix.py", "lwc_client/test_browser.py", "stock_clients", "lwc_client/test_project.py",
    "api/fuzz/test_planner_equals_reference.py", "auth/test_two_workers.py", "test_security_docs.py",
    "api/test_demo.py", "sync/feeds/test_fpds.py", "auth/test_policy_mutations.py", "auth/test_policy.py",
    "auth/test_aws_kms.py", "domain/test_one_line_field.py", "api/test_audit_survives_kill.py",
    "storage/test_backup.py", "storage/test_embedded.py", "api/test_bench_smoke.py",
)  # fmt: skip
"""Files and folders, the longest first; the rest is short enough to fill the gaps at the end."""
TOGETHER = "stock_clients"
"""A folder whose files share what is dear to make; elsewhere each file has its own."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, but for those that name a group of their own."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group_of(item)))
    items.sort(key=_turn_of)


def _group_of(item: pytest.Item) -> str:
    place = item.path.relative_to(ROOT)
    return TOGETHER if place.parts[0] == TOGETHER else str(place)


def _turn_of(item: pytest.Item) -> int:
    place = str(item.path.relative_to(ROOT))
    return next((turn for turn, each in enumerate(LONGEST) if place.startswith(each)), len(LONGEST))
