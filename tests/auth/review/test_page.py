from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from auth.policy import Policy
from auth.policy_file import read_policy
from auth.review.matrix import Mark, matrix_of
from auth.review.page import AUDIENCES, LEGEND, SIGNS, page
from domain.field import ENTITIES, Audience
from tests.auth.review.test_coverage import LEGAL, SALES, exception

WRITTEN = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
VOID = {"meta", "input", "br", "wbr"}


class Read(HTMLParser):
    """The elements of a page with their attributes, and whether each is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def written(policy: Policy) -> str:
    return page(matrix_of(policy), WRITTEN)


def test_the_page_has_a_cell_for_every_role_and_field(written: str, policy: Policy) -> None:
    read = Read(written)
    cells = [cell for cell in read.all("td") if "data-mark" in cell]
    assert len(cells) == len(policy.roles) * len(policy.fields)
    assert {row["data-field"] for row in read.all("tr") if "data-field" in row} == set(policy.fields)
    known = json.loads(re.findall(r'id="parts">(.*?)</script>', written)[0])
    assert known["roles"] == list(policy.roles)
    for cell in cells:
        assert all(int(place) < len(known["parts"]) for place in str(cell["data-parts"]).split())


def test_a_cell_leads_to_its_rule_line_and_reason(written: str, policy: Policy) -> None:
    row = re.findall(r'<tr data-field="Contract.totalValue".*?</tr>', written)[0]
    place = list(policy.roles).index("customer_success")
    mark, parts = re.findall(rf'data-role="{place}" data-mark="(\w+)" data-parts="([\d ]+)"', row)[0]
    assert mark == "PARTLY_MASKED"
    known = json.loads(re.findall(r'id="parts">(.*?)</script>', written)[0])["parts"]
    masked, denied = (known[int(part)] for part in parts.split())
    assert masked[:3] == [
        "mask", "in every record of the org, unless status is DRAFT or IN_REVIEW",
        "customer_success.COMMERCIAL = mask",
    ]  # fmt: skip
    assert policy.text.splitlines()[masked[3] - 1] == 'COMMERCIAL = "mask"'
    assert denied[4].endswith("What is being negotiated stays with those who negotiate.")


def test_the_page_says_what_it_is_of_and_from_when(written: str, policy: Policy) -> None:
    counts = f"{len(policy.roles)} roles, {len(policy.fields)} fields of {len(ENTITIES)} kinds of records"
    for told in (policy.digest, policy.source, "2026-11-27 09:30 UTC", counts):
        assert told in written, told
    assert "{{" not in written
    assert "}}" not in written
    for meaning in LEGEND.values():
        assert meaning in written


def test_nothing_is_loaded_from_elsewhere_and_no_script_but_its_own_runs(written: str) -> None:
    read = Read(written)
    loading = {"link", "img", "iframe", "object", "embed", "base", "source", "video", "audio", "a"}
    assert not loading & {name for name, _ in read.elements}
    assert not any({"src", "href", "action", "style"} & set(attributes) for _, attributes in read.elements)
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)
    assert "url(" not in written
    assert "@import" not in written
    (script,) = re.findall(r"<script>(.*?)</script>", written, re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (rule,) = [meta["content"] for meta in read.all("meta") if "http-equiv" in meta]
    assert rule == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'"


def test_colour_is_never_alone(written: str) -> None:
    assert len({sign for sign, _, _ in SIGNS.values()}) == len(Mark)
    assert len({told for _, _, told in SIGNS.values()}) == len(Mark)
    for mark, (sign, look, told) in SIGNS.items():
        shown = f'class="cell {look}" data-role="0" data-mark="{mark.name}"'
        cells = re.findall(rf"<td {shown}.*?</td>", written)
        assert all(f">{sign}</i>" in cell and f">{told}</span>" in cell for cell in cells)


def test_every_audience_and_every_role_is_explained(written: str, policy: Policy) -> None:
    assert set(AUDIENCES) == set(Audience)
    texts = " ".join(Read(written).texts)
    assert "Sells: needs what was agreed, for how much, until when, and the paper itself." in texts
    assert "Reserves are booked by the most that we may owe." in texts
    for role in policy.roles.values():
        assert f"{role.name}" in texts
        assert str(role.rows) in texts


def test_what_a_policy_says_stays_text() -> None:
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{digest}}&amp;"
    said = f"# {hostile}\n" + LEGAL + f"# {hostile}\n" + SALES
    said += exception("sales", "Contract.arr").replace('why = "w"', f'why = "{hostile}"')
    policy = read_policy(said.encode(), f"{hostile}.toml")
    written = page(matrix_of(policy), WRITTEN)
    read = Read(written)
    assert len(read.all("script")) == 2
    assert read.all("img") == []
    assert written.count(policy.digest) == 1
    assert "".join(read.texts).count(hostile) >= 3


def test_a_page_of_some_roles_and_one_entity_has_no_others(policy: Policy) -> None:
    written = page(matrix_of(policy, ["legal", "admin"], "Contact"), WRITTEN)
    assert "sales_rep" not in re.sub(r"<style>.*?</style>", "", written, flags=re.DOTALL)
    assert 'data-field="Contract.' not in written
    assert " fields of 1 kind of records" in written
