"""A release that comes before its tables serves what they hold, and says of the rest that it is to come."""

from __future__ import annotations

import logging

import pytest

from tests.api.mutations.office import Office
from tests.api.mutations.test_contract_actions import FLAG, USER, asked

FLAGS = "{ contracts { nodes { number valueFlags { nodes { note outcome } } } } }"
LIST = "{ contracts { nodes { number } } }"


@pytest.fixture
def behind(office: Office) -> Office:
    """An office whose tables are those of before `value_flag.outcome` came."""
    office.rows("ALTER TABLE value_flag DROP COLUMN outcome CASCADE")
    return office


def test_what_needs_new_tables_is_to_come_and_all_else_is_answered(
    behind: Office, caplog: pytest.LogCaptureFixture
) -> None:
    legal = behind.token("legal")
    with caplog.at_level(logging.ERROR, "contract_graph.graphql"):
        refused = behind.refused(FLAGS, token=legal)
    assert refused["extensions"]["code"] == "UNAVAILABLE"
    assert "outcome" not in refused["message"]
    assert ["`contract-graph db upgrade`" in each.getMessage() for each in caplog.records] == [True]
    assert len(behind.data(LIST, token=legal)["contracts"]["nodes"]) > 1


def test_a_change_that_cannot_be_kept_whole_is_not_kept_at_all(behind: Office) -> None:
    rep = behind.token("sales_rep", subject=USER)
    before = behind.rows("SELECT count(*) FROM value_flag")
    assert behind.refused(FLAG, asked(FLAG), rep)["extensions"]["code"] == "UNAVAILABLE"
    assert behind.rows("SELECT count(*) FROM value_flag") == before


def test_once_the_tables_have_come_nothing_has_to_be_started_again(behind: Office) -> None:
    legal = behind.token("legal")
    behind.refused(FLAGS, token=legal)
    behind.rows("ALTER TABLE value_flag ADD COLUMN outcome text")
    assert behind.data(FLAGS, token=legal)["contracts"]["nodes"]
