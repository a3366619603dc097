from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from domain.identity import uuid7
from storage.lane_outcome import Fault, Poison
from storage.lanes import Message
from tests.api.command_line import only_line, run_here
from tests.storage.lane_work import Work, opened

Run = Callable[..., CompletedProcess[str]]
PICKLIST = Fault("INVALID_PICKLIST", "Type: bad value: \x1b[31mEnergy")


@pytest.fixture
def urls(database_url: str, owner_url: str, superuser_url: str) -> tuple[str, str, str]:
    return database_url, owner_url, superuser_url


@pytest.fixture
def run(
    tmp_path: Path,
    urls: tuple[str, str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    given = {"CONTRACT_GRAPH_HOME": str(tmp_path), "DATABASE_URL": urls[0], "DATABASE_OWNER_URL": urls[1]}

    def run_with(*arguments: str) -> CompletedProcess[str]:
        return run_here(monkeypatch, capsys, given, "held", *arguments, "--org", "Northwind")

    return run_with


def within(urls: tuple[str, str, str], test: Callable[[Work], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with opened(*urls) as work:
            await test(work)

    asyncio.run(inside())


def hold(urls: tuple[str, str, str], *payloads: str, fault: Fault = PICKLIST) -> None:
    """Quarantine messages of one lane, behind which one more waits."""

    async def fill(work: Work) -> None:
        given = [
            Message(key="006000000000001AAA", payload=each, correlation=f"about {each}") for each in payloads
        ]
        await work.enqueue(*given, Message(key="006000000000001AAA", payload="last", correlation="c"))
        lease, taken = await work.one()
        await work.finish(lease, taken[:-1], *[Poison(fault)] * len(payloads))

    within(urls, fill)


def ids(listed: CompletedProcess[str]) -> list[str]:
    assert listed.returncode == 0, listed.stderr
    return re.findall(r"^([0-9a-f-]{36})  ", listed.stdout, re.MULTILINE)


def waiting(urls: tuple[str, str, str]) -> list[str]:
    found: list[str] = []

    async def look(work: Work) -> None:
        found.extend(await work.payloads("006000000000001AAA"))

    within(urls, look)
    return found


def test_what_is_held_is_listed_with_its_reason_and_says_nothing_to_the_terminal(
    run: Run, urls: tuple[str, str, str]
) -> None:
    hold(urls, "one", "two")
    listed = run("list")
    assert len(ids(listed)) == 2
    assert "inbox  006000000000001AAA  held" in listed.stdout
    assert "INVALID_PICKLIST: Type: bad value:  [31mEnergy" in listed.stdout
    assert "correlation about one" in listed.stdout
    assert ids(run("list", "--most", "1")) == ids(listed)[:1]
    assert run("list", "--error", "OTHER").stdout == "nothing is held in Northwind\n"
    assert run("list", "--queue", "outbox").stdout == "nothing is held in Northwind\n"


def test_a_message_is_shown_without_what_it_says_unless_asked(run: Run, urls: tuple[str, str, str]) -> None:
    hold(urls, "one", "two")
    (first, _) = ids(run("list"))
    shown = run("show", first)
    assert "begun 1 times" in shown.stdout
    assert "after it came 2 of the same key, of which 1 wait" in shown.stdout
    assert "see that it is not older" in shown.stdout
    assert "\none\n" not in shown.stdout
    assert run("show", first, "--payload").stdout.endswith("\none\n")


def test_replayed_messages_go_to_the_end_or_where_they_were(run: Run, urls: tuple[str, str, str]) -> None:
    hold(urls, "one", "two")
    first, second = ids(run("list"))
    done = run("replay", first, "--reason", "the value is there now", "--by", "Ada")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{first} is at the end of its lane, as " in done.stdout
    assert waiting(urls) == ["last", "one"]
    assert run("replay", second, "--first", "--why", "as above").returncode == 0
    assert waiting(urls) == ["two", "last", "one"]
    assert run("list").stdout == "nothing is held in Northwind\n"
    kept = run("list", "--all")
    assert ids(kept) == [first, second]
    assert re.search(r"replayed \d{4}-\d\d-\d\d \d\d:\d\d by Ada: the value is there now", kept.stdout)


def test_all_of_one_error_are_replayed_in_their_order(run: Run, urls: tuple[str, str, str]) -> None:
    hold(urls, "one", "two", "three")
    done = run("replay", "--error", "INVALID_PICKLIST", "--first", "--reason", "fixed")
    assert done.returncode == 0
    assert waiting(urls) == ["one", "two", "three", "last"]
    assert run("replay", "--error", "INVALID_PICKLIST", "--reason", "x").stdout.startswith("nothing such")


def test_a_discarded_message_stays_on_record(run: Run, urls: tuple[str, str, str]) -> None:
    hold(urls, "one")
    (held,) = ids(run("list"))
    assert (
        run("discard", held, "--why", "entered by hand").stdout == f"{held} is given up, and kept on record\n"
    )
    assert waiting(urls) == ["last"]
    assert "discarded " in run("show", held).stdout
    assert "entered by hand" in run("list", "--all").stdout


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_what_is_not_held_is_refused_and_nothing_else_is_done(
    run: Run, urls: tuple[str, str, str], action: str
) -> None:
    hold(urls, "one")
    (held,) = ids(run("list"))
    unknown = str(uuid7())
    line = only_line(run(action, held, unknown, "--reason", "x"))
    assert line == f"No message {unknown} is held: `contract-graph held list` shows those that are."
    assert ids(run("list")) == [held]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("replay", "--reason", "x"), "say which messages: their ids, or all of an --error or --queue"),
        (("discard", "{id}", "--error", "X", "--reason", "x"), "say which messages: their ids, or all"),
        (("discard", "{id}", "--reason", " "), "--reason is a line of text"),
        (("discard", "{id}", "--reason", "x", "--by", "a\nb"), "--by is a line of text"),
    ],
)
def test_what_cannot_be_understood_is_told_in_a_line(
    run: Run, urls: tuple[str, str, str], arguments: tuple[str, ...], told: str
) -> None:
    hold(urls, "one")
    given = [each.format(id=uuid7()) for each in arguments]
    assert only_line(run(*given)).startswith(told)


def test_a_reason_is_required(run: Run) -> None:
    assert run("discard", str(uuid7())).returncode != 0
