"""The table of limits tells the truth: each has its test, its code and its variable, and none is left out."""

from __future__ import annotations

import pytest

from api import limits
from api.error_reference import known_errors
from api.limit_settings import Limits
from api.limit_table import TABLE, Limit
from tests.api.command_line import ROOT

ALL = [each for found in TABLE.values() for each in found]


@pytest.mark.parametrize("limit", ALL, ids=[each.what for each in ALL])
def test_each_limit_is_tested_where_the_table_says(limit: Limit) -> None:
    file, _, name = limit.test.partition("::")
    assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("limit", ALL, ids=[each.what for each in ALL])
def test_each_limit_is_refused_with_a_documented_code(limit: Limit) -> None:
    assert isinstance(limit.refused, str) or limit.refused.code in {each.code for each in known_errors()}


def test_no_limit_is_left_out() -> None:
    listed = [each.most for each in ALL]
    assert [
        name for name in vars(limits) if name.startswith("MAX_") and vars(limits)[name] not in listed
    ] == []
    variables = {each.setting for each in ALL}
    assert {each.metadata["variable"] for each in Limits.__dataclass_fields__.values()} <= variables
