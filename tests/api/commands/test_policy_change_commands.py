"""`contract-graph policy propose|trial|approve|reject|rollback|history`, as two people type them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auth import policy_change
from auth.policy import Policy, PolicyError
from auth.policy_file import SHIPPED, load_policy, read_policy
from storage.database import connect
from storage.policy_versions import PolicyDifference, add_differences
from tests.api.command_line import only_line, run_here

Ran = subprocess.CompletedProcess[str]
Typed = Callable[..., Ran]

NARROWER = SHIPPED.read_text().replace('rows = "account_team"', 'rows = "own"')
DIGEST = read_policy(NARROWER.encode(), "narrower.toml").digest
NOTHING = " is proposed: `contract-graph policy propose FILE` proposes one"
SHORT, SHIPPED_SHORT = DIGEST[:12], load_policy().digest[:12]


@pytest.fixture
def typed(
    database_url: str,
    owner_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """A command of `policy` in a folder with one other policy, over a database of the test's own."""
    monkeypatch.chdir(tmp_path)
    Path("narrower.toml").write_text(NARROWER)
    given = {
        "DATABASE_URL": database_url, "DATABASE_OWNER_URL": owner_url, "CONTRACT_GRAPH_HOME": str(tmp_path),
    }  # fmt: skip
    return lambda line, *more: run_here(monkeypatch, capsys, given, "policy", *line.split(), *more)


def propose(typed: Typed) -> Ran:
    return typed("propose narrower.toml --by ann --reason", "fewer rows for those who sell")


def approve(typed: Typed) -> Ran:
    return typed(f"approve {DIGEST} --by bob --reason", "read it")


def test_a_policy_is_proposed_tried_and_approved_by_somebody_else(typed: Typed, owner_url: str) -> None:
    done = propose(typed)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{SHORT} is proposed, and tried beside the policy in force from now on\n")
    assert "contract-graph policy approve DIGEST --reason" in done.stdout
    assert done.stdout.endswith(f"{DIGEST}\n")
    told = typed("trial").stdout
    assert told.startswith(f"{DIGEST}\n    proposed ")
    assert f" by ann: fewer rows for those who sell\nbeside {SHIPPED_SHORT}, which answers\n" in told
    assert told.endswith("\nno request so far would have been decided otherwise\n")
    count(owner_url, PolicyDifference("sales_rep", "Contract.id", "shown", "denied", 3, "Panel (abc)"))
    count(owner_url, PolicyDifference("sales_rep", "Contract.id", "shown", "denied", 2, "Panel (abc)"))
    assert typed("trial").stdout.endswith(
        "\n       5 requests  sales_rep: Contract.id\n    shown -> denied, such as in Panel (abc)\n"
    )
    done = approve(typed)
    assert (done.returncode, done.stdout) == (
        0,
        f"{SHORT} is in force; every worker obeys it within seconds\n",
    )
    assert typed("history").stdout.startswith(f"{DIGEST}  is in force\n")


def test_the_policies_that_the_database_has_are_asked_about_by_their_names(typed: Typed) -> None:
    nothing = typed("diff in-force proposed")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert NOTHING in nothing.stderr
    assert "policy diff in-force proposed" in propose(typed).stdout
    differs = typed("diff in-force proposed")
    assert differs.returncode == 1
    assert (
        f"- {SHIPPED}, SHA-256 {load_policy().digest}\n+ policy {SHORT}, SHA-256 {DIGEST}\n" in differs.stdout
    )
    assert typed("text proposed").stdout == NARROWER
    approve(typed)
    assert typed("text in-force").stdout == NARROWER
    for line in ("check", "matrix"):
        assert f"policy {SHORT}, SHA-256 {DIGEST}" in typed(f"{line} in-force").stdout
    explain = "explain --field Contract.totalValue --role sales_rep"
    assert f"policy {SHORT}:" in typed(f"{explain} --policy in-force").stdout
    assert typed("text").stdout == typed("text shipped").stdout == SHIPPED.read_text()


def test_a_policy_that_this_program_cannot_read_is_still_printed(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade that declares more than the policy in force speaks of: it is to be mended."""
    propose(typed)
    approve(typed)

    def newer(content: bytes, source: str) -> Policy:
        raise PolicyError(file=source, line=1, problem=f"{len(content)} bytes", suggestion="mention NEWER")

    monkeypatch.setattr(policy_change, "read_policy", newer)
    assert typed("text in-force").stdout == NARROWER
    assert typed("history").stdout.startswith(f"{DIGEST}  is in force\n")
    refused = typed("matrix in-force")
    assert refused.returncode == 1
    assert "mention NEWER" in refused.stderr


def count(url: str, found: PolicyDifference) -> None:
    async def run() -> None:
        connection = await connect(url)
        await add_differences(connection, DIGEST, load_policy().digest, [found])
        await connection.close()

    asyncio.run(run())


def test_who_proposed_it_cannot_approve_it(typed: Typed) -> None:
    propose(typed)
    refused = only_line(typed(f"approve {DIGEST} --by ANN --reason", "it is mine"))
    assert refused == "ANN proposed it: somebody else has to approve it."
    assert typed("history").stdout.startswith(f"{load_policy().digest}  is in force\n")


def test_a_policy_that_is_rejected_is_tried_no_longer(typed: Typed) -> None:
    propose(typed)
    done = typed(f"reject {DIGEST} --by bob --reason", "too narrow")
    assert (done.returncode, done.stdout) == (0, f"{SHORT} is tried no longer\n")
    assert only_line(typed("trial")) == f"No policy{NOTHING}."
    assert only_line(approve(typed)) == f"No policy{NOTHING}."


def test_what_is_in_force_is_rolled_back_by_one(typed: Typed) -> None:
    propose(typed)
    approve(typed)
    done = typed(f"rollback {DIGEST} --by ann --reason", "it broke the panel")
    assert (done.returncode, done.stdout) == (
        0, f"{SHIPPED_SHORT} is in force again; every worker obeys it within seconds\n",
    )  # fmt: skip
    told = typed("history").stdout.splitlines()
    assert told[0] == f"{load_policy().digest}  is in force"
    assert [line.partition("  ")[2] for line in told[1::2]] == [
        f"{SHIPPED_SHORT}  rolled back by ann",
        f"{SHORT}  approved by bob",
        f"{SHIPPED_SHORT}  approved by contract-graph",
        f"{SHORT}  proposed by ann",
    ]
    assert told[2::2] == [
        "    it broke the panel", "    read it", "    was in force as it was shipped",
        "    fewer rows for those who sell",
    ]  # fmt: skip


def test_before_anything_was_proposed_the_shipped_policy_is_in_force(typed: Typed) -> None:
    assert typed("history").stdout == (
        f"{load_policy().digest}  is in force\n    as it was shipped; none was proposed yet\n"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("propose missing.toml --reason why", "missing.toml cannot be read: No such file or directory"),
        ("propose shipped.toml --reason why", f"The policy {SHIPPED_SHORT} is in force already."),
        ("approve 0123 --reason why", f"No policy{NOTHING}."),
        (
            f"rollback {load_policy().digest} --reason why",
            "There is no earlier policy to go back to: the one in force is the first.",
        ),
        ("rollback 0123 --reason why --by \x1b[2K", "--by is a line of text"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_told_in_a_line(typed: Typed, line: str, told: str) -> None:
    Path("shipped.toml").write_bytes(SHIPPED.read_bytes())
    assert only_line(typed(line)) == told


def test_a_reason_is_a_line_of_text(typed: Typed) -> None:
    for reason in ("", " ", "two\nlines"):
        assert only_line(typed("rollback 0123 --reason", reason)) == "--reason is a line of text"


def test_another_than_the_proposed_policy_cannot_be_approved(typed: Typed) -> None:
    propose(typed)
    for other in (load_policy().digest, SHORT, DIGEST[:63]):
        told = only_line(typed(f"approve {other} --by bob --reason", "read it"))
        assert told == f"{other} is not the policy that is proposed, which is {DIGEST}: look at it again."


def test_a_policy_with_a_mistake_is_not_proposed(typed: Typed) -> None:
    Path("narrower.toml").write_text(NARROWER.replace('RISK = "deny"', 'RISKS = "deny"', 1))
    told = only_line(propose(typed))
    assert told.startswith("narrower.toml:")
    assert told.endswith("role sales_rep has the unknown key RISKS; did you mean RISK?")
    assert "none was proposed yet" in typed("history").stdout
