from __future__ import annotations

from pathlib import Path

import pytest

from api.cli import main
from sync.clm.mapping_file import SHIPPED
from tests.sync.clm.deliveries import GENERIC, SAMPLES


@pytest.fixture
def acme(tmp_path: Path) -> str:
    path = tmp_path / "acme.toml"
    path.write_bytes(GENERIC)
    return str(path)


def test_a_mapping_is_checked_and_its_claims_are_shown(acme: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mapping", "check", acme, "--payload", str(SAMPLES / "generic.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{acme}, SHA-256 ")
    assert lines[1:] == [
        "2 of a contract's fields; no parts",
        "signed in X-Acme-Signature",
        "",
        "contract A-1, as of 2026-02-28T12:00:00+00:00",
        "  title        Beans",
        "  total_value  1250.50 EUR",
        "",
        "1 contract, 0 not readable",
    ]


def test_a_mapping_alone_is_checked_too(acme: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mapping", "check", acme]) == 0
    assert "signed in X-Acme-Signature" in capsys.readouterr().out


def test_what_cannot_be_read_is_shown_with_its_reason_and_changes_the_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mapping, payload = SHIPPED / "ironclad_record.toml", SAMPLES / "ironclad_record.json"
    assert main(["mapping", "check", str(mapping), "--payload", str(payload)]) == 3
    out = capsys.readouterr().out
    assert "expiration_date  not readable: 'not yet': it is no date like 2026-01-31" in out
    assert "Document document:signedCopy: type AGREEMENT, title nda.pdf" in out
    assert "not said: effective_date, governing_law" in out
    assert out.endswith("1 contract, 1 not readable\n")


def test_a_mistake_is_told_with_file_line_and_suggestion(
    acme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(acme).write_bytes(GENERIC.replace(b"title =", b"titel ="))
    assert main(["mapping", "check", acme]) == 1
    said = capsys.readouterr().out
    assert said == f"{acme}:16: fields has the unknown field titel; did you mean title?\n"


def test_a_payload_that_is_malformed_is_told_with_its_place(
    acme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = tmp_path / "payload.json"
    for body, said in (
        (b"{}", "agreement.no: the contract's own name"),
        (b"{", f"{payload}, character 1: JSON"),
    ):
        payload.write_bytes(body)
        assert main(["mapping", "check", acme, "--payload", str(payload)]) == 1
        assert said in capsys.readouterr().out


def test_a_file_that_is_not_there_is_named(acme: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mapping", "check", "nope.toml"]) == 1
    assert "nope.toml: No such file or directory" in capsys.readouterr().err
    assert main(["mapping", "check", acme, "--payload", "nope.json"]) == 1
    assert "nope.json: No such file or directory" in capsys.readouterr().err


def test_control_characters_of_a_payload_reach_no_terminal(
    acme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = tmp_path / "payload.json"
    text = (SAMPLES / "generic.json").read_text().replace('"Beans"', '"\\u001b[31mBeans"')
    payload.write_text(text)
    assert main(["mapping", "check", acme, "--payload", str(payload)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_the_mappings_that_ship_are_shown_to_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mapping", "show"]) == 0
    names = capsys.readouterr().out.split()
    assert "ironclad_record" in names
    for name in names:
        assert main(["mapping", "show", name]) == 0
        assert capsys.readouterr().out == (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    assert main(["mapping", "show", "acme"]) == 1
    assert "no mapping 'acme' ships; there are: docusign_agreement" in capsys.readouterr().err
