from __future__ import annotations

from pathlib import Path

import pytest

from auth.policy import PolicyError
from auth.policy_file import check_coverage, load_policy

SOUND = """\
# a policy
[roles.legal]
rows = "org"
EVERYONE = "show"
SCHEDULE = "show"
COMMERCIAL = "show"
LEGAL = "show"
RISK = "show"
EVIDENCE = "show"
DELIVERY = "show"
PERSONAL = "show"
OVERSIGHT = "show"
ACCESS = "show"
[roles.admin]
rows = "org"
LEGAL = "deny"
"""
MISTAKES = {
    "unknown audience": ('RISK = "show"', 'RISKS = "show"', 8, "unknown key RISKS", "did you mean RISK?"),
    "audience in lower case": ('RISK = "show"', 'risk = "show"', 8, "unknown key risk", "did you mean RISK?"),
    "unknown key": (
        'LEGAL = "deny"',
        'mask = "deny"',
        16,
        "unknown key mask",
        "known are rows, when, inherits",
    ),
    "misspelt rows": ("admin]\nrows =", "admin]\nrow =", 15, "unknown key row", "did you mean rows?"),
    "unknown word": (
        'LEGAL = "deny"',
        'LEGAL = "dney"',
        16,
        "admin says LEGAL = 'dney'",
        "did you mean deny?",
    ),
    "word in upper case": ('LEGAL = "deny"', 'LEGAL = "DENY"', 16, "LEGAL = 'DENY'", "did you mean deny?"),
    "word with a blank": ('RISK = "show"', 'RISK = "show "', 8, "RISK = 'show '", "did you mean show?"),
    "empty word": ('LEGAL = "deny"', 'LEGAL = ""', 16, "LEGAL = ''", "known are show, mask, deny"),
    "true for a word": ('LEGAL = "deny"', "LEGAL = true", 16, "LEGAL = True", "known are show, mask, deny"),
    "list for a word": ('LEGAL = "deny"', 'LEGAL = ["deny"]', 16, "LEGAL = ['deny']", "did you mean deny?"),
    "unknown rows": (
        'admin]\nrows = "org"',
        'admin]\nrows = "orgs"',
        15,
        "rows = 'orgs'",
        "did you mean org?",
    ),
    "rows that no scope has": (
        'admin]\nrows = "org"',
        'admin]\nrows = "territory"',
        15,
        "rows = 'territory'",
        "known are own",
    ),
    "no rows": (
        'admin]\nrows = "org"',
        "admin]",
        14,
        "role admin does not say which rows",
        'add rows = "org"; rows are never inherited',
    ),
    "unknown table": ("[roles.admin]", "[rules.admin]", 14, "unknown key rules", "did you mean roles?"),
    "key outside": ("# a policy", 'EVERYONE = "show"', 1, "unknown key EVERYONE", "known are roles"),
    "name of a role": (
        "[roles.admin]",
        '[roles."Sales Rep"]',
        14,
        "'Sales Rep' is no name",
        "such as sales_rep",
    ),
    "table in a role": (
        "[roles.admin]",
        "[roles.admin.sees]",
        14,
        "unknown key sees",
        "known are rows, when",
    ),
    "same key twice": (
        'LEGAL = "deny"',
        'LEGAL = "deny"\nLEGAL = "show"',
        17,
        "Cannot overwrite",
        "remove one",
    ),
    "same role twice": ("[roles.admin]", "[roles.legal]", 14, "Cannot declare", "remove one of the two"),
    "no TOML": ('LEGAL = "deny"', "LEGAL = deny", 16, "Invalid value", "write it as TOML"),
    "audience not mentioned": (
        'PERSONAL = "show"\n',
        "",
        1,
        "no role mentions the audience PERSONAL",
        "add PERSONAL",
    ),
    "audience not seen": ('RISK = "show"', 'RISK = "deny"', 8, "no role sees the audience RISK", "add RISK"),
}


def refusal(path: Path, content: bytes) -> PolicyError:
    path.write_bytes(content)
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    assert str(refused.value).startswith(f"{path}:{refused.value.line}: ")
    return refused.value


def test_the_sound_policy_of_these_tests_is_read(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(SOUND)
    check_coverage(load_policy(path))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_file_line_and_suggestion(tmp_path: Path, name: str) -> None:
    sound, mistake, line, problem, suggestion = MISTAKES[name]
    assert SOUND.count(sound) == 1
    refused = refusal(tmp_path / "policy.toml", SOUND.replace(sound, mistake).encode())
    assert refused.line == line
    said, _, suggested = str(refused).partition("; ")
    assert problem in said
    assert suggestion in suggested


@pytest.mark.parametrize(
    ("content", "line", "suggestion"),
    [
        (b"", 1, "begin one with [roles.NAME]"),
        (b"roles = 3", 1, "begin one with [roles.NAME]"),
        (b"[roles]\n", 1, "begin one with [roles.NAME]"),
        (b"[roles]\nlegal = 3\n", 2, "begin it with [roles.legal]"),
        (b"# \n[roles.legal]\nrows = '\xff'\n", 3, "save it as UTF-8"),
        (b"roles = " + b"[" * 50_000, 1, "write it as TOML"),
        (b"[roles.legal]\nrows = 'org'\n[roles", 3, "write it as TOML"),
        (b"roles.legal.rows = 'org'\nroles.legal.LEGL = 'show'", 2, "did you mean LEGAL?"),
        (b"roles = {legal = {rows = 'org', LEGL = 'show'}}", 1, "did you mean LEGAL?"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    tmp_path: Path, content: bytes, line: int, suggestion: str
) -> None:
    refused = refusal(tmp_path / "policy.toml", content)
    assert refused.line == line
    assert suggestion in str(refused)


def test_a_policy_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_policy(tmp_path / "policy.toml")
