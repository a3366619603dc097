"""The access review finds every role that is held, and no other; what is not used is marked."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from auth.audit import AuditEvent, Document
from auth.oauth.client import client_id_of
from auth.principal import Principal
from auth.review.access import AccessReview, HeldRole, Standing, review_access
from auth.review.access_csv import COLUMNS, access_csv
from domain.identity import salesforce_id, uuid7
from domain.role_grant import HolderKind, RoleGrant
from storage.oauth_clients import OAuthClient, add_client
from storage.role_grants import add_grant
from storage.tenancy import bind_org
from tests.api.graph import OURS, THEIRS

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
GRANTED = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
ADA, PROFILE, SET = "005Hs00000AAAAAIA5", "00eHs000000AAAAIA4", "0PSHs000000AAAAOA4"
STRANGER, NOBODYS = salesforce_id("005xx0000000009"), salesforce_id("00exx0000000009")
DAY = timedelta(days=1)
Work = Callable[[asyncpg.Connection], Awaitable[object]]
Review = Callable[..., AccessReview]


@pytest.fixture
def review(
    small_orgs: str,  # noqa: ARG001 - the database has them
    owner_url: str,
) -> Review:
    """Two small orgs alike, in which Ada is an admin, and by her profile a sales_rep; works, then reviews."""

    def reviewed(*works: Work, now: datetime = NOW, org: UUID = OURS.org.id) -> AccessReview:
        async def run() -> AccessReview:
            connection = await asyncpg.connect(owner_url)
            try:
                for work in works:
                    await work(connection)
                async with connection.transaction():
                    await bind_org(connection, org)
                    return await review_access(connection, org, now)
            finally:
                await connection.close()

        return asyncio.run(run())

    return reviewed


def in_org(work: Work, org: UUID = OURS.org.id) -> Work:
    async def bound(connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            await bind_org(connection, org)
            await work(connection)

    return bound


def granted(holder: str, role: str = "finance", org: UUID = OURS.org.id, **changed: object) -> Work:
    kind = {"005": HolderKind.USER, "00e": HolderKind.PROFILE, "0PS": HolderKind.PERMISSION_SET}[holder[:3]]
    grant = RoleGrant(
        id=uuid7(), role=role, holder_kind=kind, holder_id=holder, granted_by="Eve", granted_at=GRANTED,
        reason="bills",
    )  # fmt: skip
    return in_org(lambda c: add_grant(c, org, replace(grant, **changed)), org)  # type: ignore[arg-type]


def used(subject: str, role: str, at: datetime, org: UUID = OURS.org.id) -> Work:
    event = AuditEvent(
        id=UUID(int=(round(at.timestamp() * 1000) << 80) | 0x7000_8000_0000_0000_0000),
        who=Principal(org, subject, "a client", frozenset({role, "legal"}), frozenset()), kind="read",
        document=Document(None, None), policy="a digest", request="r", latency=1,
    )  # fmt: skip
    insert = "INSERT INTO audit_event VALUES ($1, $2, $3)"
    return in_org(lambda c: c.execute(insert, org, event.id, event.canonical().decode()), org)


def registered(**changed: object) -> tuple[OAuthClient, Work]:
    client = OAuthClient(
        org_id=OURS.org.id, id=uuid7(), name="Billing sync", secret_hash=b"x", created_at=GRANTED,
        roles=frozenset({"integrator"}),
    )  # fmt: skip
    client = replace(client, **changed)  # type: ignore[arg-type]
    return client, in_org(lambda c: add_client(c, client))


def executed(statement: str) -> Work:
    return in_org(lambda c: c.execute(statement))


def holders(found: AccessReview, role: str = "finance") -> list[tuple[str | None, str]]:
    return [(each.subject, each.holder_kind) for each in found.held if each.role == role]


def only(found: AccessReview, role: str = "finance") -> HeldRole:
    [held] = [each for each in found.held if each.role == role]
    return held


# Who holds what


def test_what_is_held_is_found_with_what_it_is_held_by(review: Review) -> None:
    found = review()
    assert [(each.role, each.subject, each.holder_kind, each.holder_id) for each in found.held] == [
        ("admin", ADA, "USER", ADA),
        ("sales_rep", ADA, "PROFILE", PROFILE),
    ]
    held = found.held[0]
    assert (held.standing, held.since, held.granted_by) == (Standing.ACTIVE, GRANTED, "Ada north")
    assert (held.reason, held.ends_at, held.last_used_at) == ("as agreed", None, None)


@pytest.mark.parametrize(
    ("holder", "kind", "subject", "standing"),
    [
        (ADA, "USER", ADA, Standing.ACTIVE),
        (PROFILE, "PROFILE", ADA, Standing.ACTIVE),
        (SET, "PERMISSION_SET", ADA, Standing.ACTIVE),
        (STRANGER, "USER", STRANGER, Standing.UNKNOWN),
        (NOBODYS, "PROFILE", None, Standing.UNKNOWN),
    ],
)
def test_each_way_of_holding_is_found(
    review: Review, holder: str, kind: str, subject: str | None, standing: Standing
) -> None:
    held = only(review(granted(holder)))
    found = (held.holder_kind, held.holder_id, held.subject, held.standing)
    assert found == (kind, holder, subject, standing)


def test_the_same_role_by_two_grants_is_found_twice(review: Review) -> None:
    found = review(granted(ADA), granted(PROFILE))
    assert sorted(holders(found)) == [(ADA, "PROFILE"), (ADA, "USER")]


def test_a_grant_that_was_taken_back_or_has_ended_is_not_found(review: Review) -> None:
    ended = {"revoked_by": "Eve", "revoked_at": GRANTED + DAY, "revoked_because": "left"}
    works = [granted(ADA, **ended), granted(PROFILE, ends_at=NOW), granted(SET, ends_at=NOW - DAY)]
    assert holders(review(*works)) == []
    assert holders(review(granted(ADA, ends_at=NOW + DAY))) == [(ADA, "USER")]


@pytest.mark.parametrize("change", ["active = false", "expiration_date = '2027-03-01T12:00:00Z'"])
def test_a_permission_set_that_is_no_longer_assigned_reaches_nobody(review: Review, change: str) -> None:
    found = review(granted(SET), executed(f"UPDATE permission_set_assignment SET {change}"))
    assert holders(found) == [(None, "PERMISSION_SET")]


def test_a_user_who_is_not_active_is_told(review: Review) -> None:
    found = review(executed('UPDATE "user" SET active = false'))
    assert {each.standing for each in found.held} == {Standing.INACTIVE}


def test_a_program_is_found_until_it_is_disabled(review: Review) -> None:
    client, registering = registered(last_used_at=GRANTED + DAY)
    held = only(review(registering), "integrator")
    assert (held.subject, held.name, held.holder_kind) == (client_id_of(client), "Billing sync", "CLIENT")
    assert (held.since, held.last_used_at, held.grant_id) == (GRANTED, GRANTED + DAY, None)
    disabled, registering = registered(disabled_at=NOW, name="Old sync")
    assert client_id_of(disabled) not in {each.subject for each in review(registering).held}


def test_another_orgs_grants_programs_and_uses_are_not_found(review: Review) -> None:
    found = review(granted(ADA, org=THEIRS.org.id), used(ADA, "admin", NOW - DAY, THEIRS.org.id))
    assert holders(found) == []
    assert {each.last_used_at for each in found.held} == {None}
    assert found.log_since is None


# Use


def test_the_latest_use_of_that_role_by_that_subject_counts(review: Review) -> None:
    last = NOW - 3 * DAY
    found = review(
        granted(ADA),
        used(ADA, "finance", NOW - 5 * DAY),
        used(ADA, "finance", last),
        used(ADA, "another", NOW - 2 * DAY),
        used(STRANGER, "finance", NOW - DAY),
    )
    assert only(found).last_used_at == last
    assert only(found, "admin").last_used_at is None
    assert found.log_since == NOW - 5 * DAY


def unused(review: Review, since: int, last: int | None) -> bool:
    """Whether a role is marked that was granted and last used so many days ago."""
    works = [granted(ADA, granted_at=NOW - since * DAY)]
    works += [] if last is None else [used(ADA, "finance", NOW - last * DAY)]
    found = review(*works)
    assert (only(found) in found.unused) is only(found).is_unused(NOW)
    return only(found).is_unused(NOW)


@pytest.mark.parametrize(("since", "last"), [(90, None), (400, None), (400, 90), (400, 200)])
def test_what_was_not_used_for_ninety_days_is_marked(review: Review, since: int, last: int | None) -> None:
    assert unused(review, since, last)


@pytest.mark.parametrize(("since", "last"), [(89, None), (400, 89), (400, 0), (89, 300)])
def test_what_is_new_or_was_used_is_not_marked(review: Review, since: int, last: int | None) -> None:
    assert not unused(review, since, last)


def test_a_grant_that_reaches_nobody_is_unused(review: Review) -> None:
    assert only(review(granted(NOBODYS))).is_unused(NOW)


# For a spreadsheet


def test_the_csv_has_a_line_for_each(review: Review) -> None:
    found = review(granted(STRANGER, reason="=HYPERLINK(1)"), used(ADA, "admin", NOW - DAY))
    rows = list(csv.DictReader(io.StringIO(access_csv(found))))
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["role"], row["subject"], row["unused"]) for row in rows] == [
        ("admin", ADA, ""),
        ("finance", STRANGER, "unused"),
        ("sales_rep", ADA, "unused"),
    ]
    assert rows[0]["last_used_at"] == "2027-02-28T12:00:00+00:00"
    assert rows[1]["reason"] == "'=HYPERLINK(1)"
    assert (rows[1]["standing"], rows[1]["by"], rows[1]["holder"]) == ("UNKNOWN", "USER", STRANGER)
