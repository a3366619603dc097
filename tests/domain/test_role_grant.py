from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.identity import NotASalesforceId, WrongKeyPrefix, WrongSalesforceChecksum, salesforce_id, uuid7
from domain.role_grant import HolderKind, RoleGrant, holder

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("005xx000001X8Uz", HolderKind.USER),
        ("00exx0000000001", HolderKind.PROFILE),
        ("0PSxx0000000001", HolderKind.PERMISSION_SET),
    ],
)
def test_an_id_says_what_holds_a_role(text: str, kind: HolderKind) -> None:
    assert holder(text) == (kind, salesforce_id(text))
    assert holder(salesforce_id(text), kind) == (kind, salesforce_id(text))
    for other in set(HolderKind) - {kind}:
        with pytest.raises(WrongKeyPrefix, match="those begin with"):
            holder(text, other)


@pytest.mark.parametrize("text", ["001xx000001X8Uz", "00Exx0000000001", "0psxx0000000001", "0PGxx0000000001"])
def test_nothing_else_holds_one(text: str) -> None:
    with pytest.raises(WrongKeyPrefix, match="005 or 00e or 0PS"):
        holder(text)


def test_what_is_no_id_holds_none() -> None:
    with pytest.raises(NotASalesforceId):
        holder("005")
    with pytest.raises(WrongSalesforceChecksum):
        holder("005xx000001X8UzAAA")


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"ends_at": NOW}, False),
        ({"ends_at": NOW + timedelta(seconds=1)}, True),
        ({"revoked_at": NOW - timedelta(days=1)}, False),
        ({"revoked_at": NOW, "ends_at": NOW + timedelta(days=1)}, False),
    ],
)
def test_a_grant_holds_until_it_ends_or_is_taken_back(changes: dict[str, datetime], holds: bool) -> None:  # noqa: FBT001 - a cell
    grant = RoleGrant(
        id=uuid7(), role="legal", holder_kind=HolderKind.USER, holder_id=salesforce_id("005xx000001X8Uz"),
        granted_by="Ada", granted_at=NOW - timedelta(days=2), reason="judges the clauses", **changes,
    )  # fmt: skip
    assert grant.holds(NOW) is holds
