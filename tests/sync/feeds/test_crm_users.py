"""Users of Salesforce with their profiles and permission sets, as Salesforce exports them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from domain.identity import salesforce_id
from sync.feeds import crm
from tests.sync.feeds.feed_graphs import Graphs

Written = Callable[..., Path]

ANN, BEN = salesforce_id("005xx0000000001"), salesforce_id("005xx0000000002")
SELLER, SET = salesforce_id("00exx0000000001"), salesforce_id("0PSxx0000000001")
FIRST, SECOND = salesforce_id("0Paxx0000000001"), salesforce_id("0Paxx0000000002")
USERS = (
    "Id,Name,Email,IsActive,ProfileId\n"
    f"{ANN},Ann,ann@example.com,true,{SELLER[:15]}\n"
    f"{BEN[:15]},Ben,,false,{SELLER}\n"
)
ASSIGNMENTS = (
    "Id,AssigneeId,PermissionSetId,IsActive,ExpirationDate\n"
    f"{FIRST},{ANN[:15]},{SET},true,2027-01-31T12:00:00Z\n"
    f"{SECOND},{BEN},{SET[:15]},false,\n"
)
MIRRORED = (
    "SELECT u.salesforce_id, u.active, u.profile_id, a.salesforce_id, a.permission_set_id, a.active"
    ' FROM "user" u LEFT JOIN permission_set_assignment a ON a.assignee_id = u.id'
    " ORDER BY u.name, a.salesforce_id"
)


def tables(written: Written, users: str = USERS, assignments: str = ASSIGNMENTS) -> list[Path]:
    return [written("a_assignments.csv", assignments), written("users.csv", users)]


def test_users_come_with_profile_and_permission_sets(graphs: Graphs, written: Written) -> None:
    done = graphs.imported(crm.read(tables(written)))
    assert done.rejects == []
    assert graphs.rows(MIRRORED) == [
        (ANN, True, SELLER, FIRST, SET, True),
        (BEN, False, SELLER, SECOND, SET, False),
    ]
    ends = "SELECT expiration_date::text FROM permission_set_assignment ORDER BY salesforce_id"
    assert graphs.rows(ends)[0][0].startswith("2027-01-31 12:00:00")


def test_users_imported_twice_are_not_doubled(graphs: Graphs, written: Written) -> None:
    graphs.imported(crm.read(tables(written)))
    again = graphs.imported(crm.read(tables(written)))
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)


def test_an_assignment_that_is_gone_goes_here_too(graphs: Graphs, written: Written) -> None:
    graphs.imported(crm.read(tables(written)))
    left = "\n".join(line for line in ASSIGNMENTS.splitlines() if FIRST not in line) + "\n"
    done = graphs.imported(crm.read(tables(written, assignments=left)))
    assert done.summary.saved.deleted["PermissionSetAssignment"] == 1
    assert graphs.rows("SELECT salesforce_id FROM permission_set_assignment") == [(SECOND,)]


def test_ids_that_are_none_of_their_kind_are_refused(graphs: Graphs, written: Written) -> None:
    users = (
        "Id,Name,IsActive,ProfileId\n"
        f"{ANN},Ann,true,{SET}\n"
        f"{SELLER},No user,true,\n"
        f"{BEN[:-1]}X,Ben,true,{SELLER}\n"
        ",Nobody,true,\n"
    )
    assignments = (
        "Id,AssigneeId,PermissionSetId,ExpirationDate\n"
        f"{FIRST},{ANN},{SELLER},\n"
        f"{SECOND},{ANN},{SET},soon\n"
        f"{salesforce_id('0Paxx0000000003')},{BEN},{SET},\n"
    )
    done = graphs.imported(crm.read(tables(written, users, assignments)))
    assert graphs.rows(MIRRORED) == [(ANN, True, None, None, None, None)]
    assert sorted((row["what"], row["field"]) for row in done.rejects) == [
        ("field", "ProfileId"),
        ("record", "AssigneeId"),
        ("record", "ExpirationDate"),
        ("record", "Id"),
        ("record", "Id"),
        ("record", "Id"),
        ("record", "PermissionSetId"),
    ]
    assert any("those begin with 0PS" in row["reason"] for row in done.rejects)


def test_whoever_is_not_said_to_be_active_is_not(graphs: Graphs, written: Written) -> None:
    users = f"Id,Name,IsActive\n{ANN},Ann,\n{BEN},Ben,perhaps\n"
    graphs.imported(crm.read(tables(written, users)))
    assert graphs.rows('SELECT DISTINCT active FROM "user"') == [(False,)]


def test_of_two_rows_of_a_user_the_later_counts(graphs: Graphs, written: Written) -> None:
    done = graphs.imported(crm.read(tables(written, f"{USERS}{ANN},Ann again,,true,{SELLER}\n")))
    assert [row["reason"] for row in done.rejects] == [
        "a later row has the same Id, and counts: remove one of the two"
    ]
