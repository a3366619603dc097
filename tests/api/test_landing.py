from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse

import api
from api.landing import DemoPerson, example_queries, render_graphiql, render_landing

ROOT = Path(api.__file__).parent
PEOPLE = (
    DemoPerson(name="Ines Duarte", role="legal", org="Northwind", user="005A", client="c1"),
    DemoPerson(name="Tom & Co", role="sales_rep", org="Contoso", user="005B", client="c2"),
)
HOSTILE = "</script><script>alert(1)</script>\"'<img src=x onerror=alert(1)>$curl"


class Reader(HTMLParser):
    """Collects what a browser would see: elements with their attributes, and the text by element id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in {"meta", "link", "img", "input"}:
            self._open.append(found.get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1]:
            self.text[self._open[-1]] = self.text.get(self._open[-1], "") + data

    def count(self, tag: str) -> int:
        return sum(1 for found, _ in self.elements if found == tag)


def hostile() -> DemoPerson:
    return DemoPerson(name=HOSTILE, role=HOSTILE, org=HOSTILE, user=HOSTILE, client=HOSTILE)


def demo_of(page: str) -> dict[str, list[object]]:
    loaded: dict[str, list[object]] = json.loads(Reader(page).text["demo"])
    return loaded


def test_the_landing_page_signs_each_person_in() -> None:
    page = render_landing(PEOPLE, "curl", "{}")
    seen = Reader(page)
    assert "Tom &amp; Co" in page
    links = [found["href"] for tag, found in seen.elements if tag == "a"]
    assert {"/graphiql?as=005A", "/graphiql?as=005B"} <= set(links)
    copies = [found["data-copy"] for tag, found in seen.elements if tag == "button"]
    assert copies == ["curl"]
    assert all(copied in seen.text for copied in copies)


def test_the_command_and_its_answer_come_out_as_they_went_in() -> None:
    command = """curl -d '{"query": "{ a < b && c }"}' http://127.0.0.1:8000/graphql"""
    seen = Reader(render_landing(PEOPLE, command, '{"data": "$answer <b>"}'))
    assert seen.text["curl"] == command
    assert seen.text["answer"] == '{"data": "$answer <b>"}'


def test_nothing_that_fills_the_landing_page_becomes_markup() -> None:
    plain = Reader(render_landing(PEOPLE[:1], "", ""))
    seen = Reader(render_landing([hostile()], HOSTILE, HOSTILE))
    assert [tag for tag, _ in seen.elements] == [tag for tag, _ in plain.elements]
    assert seen.text["curl"] == seen.text["answer"] == HOSTILE


def test_nothing_that_fills_graphiql_closes_its_script() -> None:
    page = render_graphiql([hostile()], HOSTILE)
    assert Reader(page).count("script") == Reader(render_graphiql([], "")).count("script")
    assert demo_of(page)["people"] == [
        {"name": HOSTILE, "role": HOSTILE, "org": HOSTILE, "user": HOSTILE, "client": HOSTILE},
    ]


def test_graphiql_opens_each_example_in_a_tab() -> None:
    assert demo_of(render_graphiql([], ""))["queries"] == example_queries()
    for query in example_queries():
        (operation,) = parse(query).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert query.startswith("# ")


@pytest.mark.parametrize(
    "page", [render_landing([hostile()], HOSTILE, HOSTILE), render_graphiql([hostile()], HOSTILE)]
)
def test_pages_run_scripts_of_this_host_only_and_carry_no_inline_code(page: str) -> None:
    for tag, found in Reader(page).elements:
        assert not [name for name in found if name.startswith("on") or name == "style"]
        if tag == "script" and found.get("type") != "application/json":
            source = found["src"]
            assert source is not None
            assert re.fullmatch(r"/(graphiql|pages)/[a-z.-]+\.js", source)
            assert (ROOT / source.removeprefix("/")).is_file()
        if tag == "link" and found["rel"] == "stylesheet":
            assert (ROOT / str(found["href"]).removeprefix("/")).is_file()


def test_the_copied_files_are_the_published_ones() -> None:
    folder = ROOT / "graphiql"
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    assert set(listed) == {path.name for path in folder.glob("*.min.*")}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
