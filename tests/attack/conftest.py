from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def attacks_leave_nothing_in_a_log(nothing_secret_is_logged: None) -> None:
    """Of every module here."""
