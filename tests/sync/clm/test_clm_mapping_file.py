from __future__ import annotations

from pathlib import Path

import pytest

from domain.contract import Contract
from domain.field import HERE, SALESFORCE, Kind, fields_of
from sync.clm.mapping_file import SHIPPED, MappingFileError, claimable, load_mapping, part_lists, read_mapping
from tests.sync.clm.deliveries import GENERIC
from tests.sync.clm.deliveries import HERE as TESTS

HEAD = 'contract = "no"\nclaimed_at = "at"\n'
FIELDS = '[fields]\ntitle = "t"\n'


def error_of(text: str) -> str:
    with pytest.raises(MappingFileError) as refused:
        read_mapping(text.encode(), "acme.toml")
    return str(refused.value)


@pytest.mark.parametrize("path", sorted([*SHIPPED.glob("*.toml"), *TESTS.glob("*.toml")]))
def test_every_mapping_that_ships_is_understood(path: Path) -> None:
    mapping = load_mapping(path)
    assert mapping.map.rules
    assert len(mapping.digest) == 64


def test_a_shipped_mapping_holds_no_trailing_surprise() -> None:
    """What a shipped mapping does not know is shown as unreadable, never passed over without a word."""
    for path in SHIPPED.glob("*.toml"):
        status = next(rule for rule in load_mapping(path).map.rules if rule.declared.name == "status")
        assert status.otherwise is None, path.name
        assert status.always is None, path.name


def test_only_what_a_contract_system_may_own_can_be_claimed() -> None:
    known = claimable(Contract, whole=False)
    for declared in fields_of(Contract):
        owned = declared.field.owner not in {HERE, SALESFORCE} and not declared.field.rule
        plain = declared.kind is not Kind.LIST and declared.name not in {"id", "source_key"}
        assert (declared.name in known) is (owned and plain), declared.name
        assert known.get(declared.graph_name) == known.get(declared.name)
    assert "risk_assessments" not in part_lists()
    assert "changes" not in part_lists()
    assert "children" not in part_lists()


@pytest.mark.parametrize(
    ("text", "line", "problem", "suggestion"),
    [
        ('claimed_at = "at"\n', 1, "the file lacks contract", 'add contract = "..." at its top'),
        ('contract = "no"\n', 1, "the file lacks claimed_at", 'add claimed_at = "..."'),
        (HEAD, 1, "the file says nothing of a contract", "add [fields]"),
        (HEAD + 'contrct = "x"\n', 3, "the file has the unknown key contrct", "did you mean contract?"),
        (HEAD + '[feilds]\ntitle = "t"\n', 3, "unknown key feilds", "did you mean fields?"),
        (HEAD + "fields = 3\n", 3, "fields is no table", "begin it with [fields]"),
        (HEAD + '[fields]\n\ntitel = "t"\n', 5, "fields has the unknown field titel", "did you mean title?"),
        (HEAD + '[fields]\narr = "t"\n', 4, "unknown field arr", "owned by DERIVED"),
        (HEAD + '[fields]\nrisk_score = "t"\n', 4, "unknown field risk_score", "owned by HERE"),
        (HEAD + '[fields]\naccount = "t"\n', 4, "unknown field account", "owned by SALESFORCE"),
        (HEAD + '[fields]\nparties = "t"\n', 4, "unknown field parties", "begin [[parties]]"),
        (HEAD + '[fields]\ntitle = "a..b"\n', 4, "title: 'a..b' is no path", "write it like a.b"),
        (HEAD + '[fields]\ntitle = "a[*]"\n', 4, "leads to many values", "say which: a[0]"),
        (HEAD + "[fields]\ntitle = 3\n", 4, "title: 3 is no path", "write it like"),
        (HEAD + "[fields]\ntitle = []\n", 4, "title names no path", 'write title = "..."'),
        (
            HEAD + '[fields]\ntitle = {form = "plain"}\n',
            4,
            "does not say where it is read",
            'add from = "path"',
        ),
        (HEAD + '[fields]\ntitle = {form = "x", from = "t"}\n', 4, "form = 'x' is not known", "plain"),
        (
            HEAD + '[fields]\ntitle = {fron = "t"}\n',
            4,
            "title has the unknown key fron",
            "did you mean from?",
        ),
        (HEAD + '[fields]\ntitle = "t"\nTitle = "t"\n', 5, "unknown field Title", "did you mean title?"),
        (
            HEAD + '[fields]\ntotal_value = "t"\ntotalValue = "t"\n',
            4,
            "total_value needs a currency",
            'currency = "EUR"',
        ),
        (
            HEAD + '[fields]\nsigned_date = "t"\nsignedDate = "t"\n',
            5,
            "fields names signed_date twice",
            "say it once",
        ),
        (HEAD + '[fields]\ntitle = {from = "t", currency = "EUR"}\n', 4, "title is no money", "leave it out"),
        (
            HEAD + '[fields]\ntitle = {from = "t", unit = "days"}\n',
            4,
            "title has no use for unit",
            "leave it out",
        ),
        (
            HEAD + '[fields]\ntitle = {from = "t", date_format = "%d"}\n',
            4,
            "title has no use for date_format",
            "leave it out",
        ),
        (
            HEAD + '[fields]\nnotice_period = {from = "t", unit = "day"}\n',
            4,
            "unit = 'day'",
            "did you mean days?",
        ),
        *(
            (
                HEAD + f'[fields]\nsigned_date = {{from = "t", date_format = "{format_}"}}\n',
                4,
                "holds no whole date",
                '"%d.%m.%Y"',
            )
            for format_ in ("", "%", "%Q", "%d %d", "%d.%m.", "DD.MM.YYYY", "%H:%M")
        ),
        (
            HEAD + '[fields]\nstatus = {from = "t", values = {on = "ACTVE"}}\n',
            4,
            "status cannot be 'ACTVE'",
            "did you mean ACTIVE?",
        ),
        (
            HEAD + '[fields]\n[fields.status]\nfrom = "t"\n[fields.status.values]\non = "ACTVE"\n',
            4,
            "status cannot be 'ACTVE'",
            "did you mean ACTIVE?",
        ),
        (
            HEAD + '[fields]\nside = {always = "BUYER"}\n',
            4,
            "side cannot be 'BUYER'",
            "known are CUSTOMER, VENDOR",
        ),
        (
            HEAD + '[fields]\nstatus = {from = "t", values = {On = "ACTIVE", on = "DRAFT"}}\n',
            4,
            "names a word twice",
            "case does not matter",
        ),
        (
            HEAD + '[fields]\ntitle = {from = "t", unsaid = "x"}\n',
            4,
            "unsaid of title is no list",
            'unsaid = ["..."]',
        ),
        (
            HEAD + '[fields]\ntitle = {from = "t", null = "x"}\n',
            4,
            "null = 'x' is not known",
            "unsaid, clears",
        ),
        (HEAD + '[[docs]]\neach = "d"\n', 3, "the file has the unknown key docs", "did you mean documents?"),
        (
            HEAD + '[documents]\neach = "d"\n',
            3,
            "documents is no list of tables",
            "begin each with [[documents]]",
        ),
        (HEAD + '[[documents]]\ntitle = "t"\n', 3, "a table of documents lacks each", 'add each = "path'),
        (
            HEAD + '[[documents]]\neach = "d[*]"\ntitle = "t"\n',
            3,
            "a table of documents lacks type",
            "type = { always",
        ),
        (
            HEAD
            + '[[documents]]\neach = "d"\ntitle = "t"\ntype = "t"\n\n[[documents]]\neach = "d"\ntitl = "t"\n',
            10,
            "documents has the unknown field titl",
            "did you mean title?",
        ),
        (HEAD + '[event]\nidd = "x"\n' + FIELDS, 4, "event has the unknown key idd", "did you mean id?"),
        (HEAD + '[event]\nid = "x"\nid_header = "X"\n' + FIELDS, 5, "two are named", "leave one of them out"),
        (HEAD + '[event]\nid_header = "X Y"\n' + FIELDS, 4, "is no name of a header", "X-Signature"),
        (
            HEAD + '[signature]\nencoding = "hex"\n' + FIELDS,
            3,
            "signature does not name its header",
            "X-Signature",
        ),
        (
            HEAD + '[signature]\nheader = "X"\nencoding = "b64"\n' + FIELDS,
            5,
            "encoding = 'b64' is not known",
            "base64?",
        ),
        (
            HEAD + '[signature]\nheader = "X"\ntolerance = 3\n' + FIELDS,
            5,
            "no use without a timestamp_header",
            "leave it",
        ),
        (
            HEAD + '[signature]\nheader = "X"\ntimestamp_header = "T"\ntolerance = 0\n' + FIELDS,
            6,
            "tolerance = 0 is no number of seconds",
            "tolerance = 300",
        ),
        (
            HEAD + '[fetch]\npath = "/c/{id}"\n' + FIELDS,
            3,
            "fetch needs a path and an id",
            "/api/contracts/{id}",
        ),
        (
            HEAD + '[fetch]\npath = "/c"\nid = "no"\n' + FIELDS,
            4,
            "is no path with one {id} in it",
            "/api/contracts/{id}",
        ),
        (
            HEAD + '[fetch]\npath = "/../{id}"\nid = "no"\n' + FIELDS,
            4,
            "is no path with one {id}",
            "/api/contracts/{id}",
        ),
        (
            HEAD + '[fetch]\npath = "http://x/{id}"\nid = "no"\n' + FIELDS,
            4,
            "is no path with one {id}",
            "/api/contracts",
        ),
        ("contract = \n", 1, "Invalid value", "write it as TOML"),
        ('contract = "a"\ncontract = "b"\n', 2, "Cannot overwrite a value", "say it once"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line_and_a_suggestion(
    text: str, line: int, problem: str, suggestion: str
) -> None:
    said = error_of(text)
    assert said.startswith(f"acme.toml:{line}: "), said
    assert problem in said
    assert suggestion in said.partition("; ")[2]


def test_a_file_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(MappingFileError, match=r"acme\.toml:2: the file is not UTF-8; save it as UTF-8"):
        read_mapping(b"a = 1\n\xff", "acme.toml")


def test_the_graphql_name_of_a_field_is_as_good_as_ours() -> None:
    text = HEAD + '[fields]\neffectiveDate = "d"\n[[serviceLevels]]\neach = "s[*]"\ntarget = "t"\n'
    said = error_of(text)
    assert "a table of serviceLevels lacks" in said
    assert read_mapping(GENERIC, "acme.toml").door.signing is not None
