"""`contract-graph clients` and `contract-graph roles`, as an administrator types them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli import main
from domain.org import Org
from storage.database import connect
from storage.orgs import save_org
from tests.api.graph import OURS, THEIRS
from tests.api.salesforce_org import USER, certificate, rsa_key

Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def type_(
    database_url: str,
    owner_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Type:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", owner_url)
    monkeypatch.chdir(tmp_path)

    async def prepare(*orgs: Org) -> None:
        connection = await connect(owner_url)
        for org in orgs:
            await save_org(connection, org)
        await connection.close()

    asyncio.run(prepare(OURS.org, THEIRS.org))

    def typed(line: str, *more: str, org: str = OURS.org.name) -> tuple[int, str, str]:
        code = main([*line.split(), "--org", org, *more])
        out, err = capsys.readouterr()
        return code, out, err

    return typed


def test_a_secret_is_shown_once_and_another_replaces_it(type_: Type) -> None:
    code, said, _ = type_("clients add --role integrator", "--name", "Billing sync")
    words = said.split()
    client, secret = words[1], words[3]
    assert code == 0
    _, listed, _ = type_("clients list")
    assert client in listed
    assert "Billing sync" in listed
    assert "never used; roles: integrator" in listed
    assert secret not in listed
    _, again, _ = type_(f"clients rotate {client}")
    assert again.split()[1] == client
    assert again.split()[3] != secret
    assert type_(f"clients disable {client}")[0] == 0
    assert "disabled" in type_("clients list")[1]


@pytest.mark.parametrize("action", ["rotate", "disable"])
def test_a_client_of_another_org_is_not_there(type_: Type, action: str) -> None:
    client = type_("clients add --role integrator --name sync")[1].split()[1]
    code, said, told = type_(f"clients {action} {client}", org=THEIRS.org.name)
    assert (code, said) == (1, "")
    assert "has no such client" in told
    assert type_(f"clients {action} nonsense")[0] == 1
    assert type_(f"clients {action} {client}")[0] == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("clients add --name sync --role king", "the policy has no role 'king'"),
        ("clients trust --name sf --certificate missing.crt", "missing.crt cannot be read"),
        ("clients trust --name sf --certificate broken.crt", "broken.crt cannot be trusted"),
        ("clients trust --name sf --certificate weak.crt", "1024 bits; 2048 are the least"),
        (f"roles grant --user {USER} --role king --reason r", "the policy has no role 'king'"),
        ("roles grant --user ann --role legal --reason r", "--user: 'ann' is not a Salesforce id"),
        (f"roles grant --user {USER} --role legal --reason r --until 2020-01-01", "lies in the past"),
        (f"roles revoke --user {USER} --role legal --reason r", "has no legal that could be revoked"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(type_: Type, tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "broken.crt").write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
    (tmp_path / "weak.crt").write_text(certificate(rsa_key(1024)))
    code, said, refused = type_(line)
    assert (code, said) == (1, "")
    assert told in refused
    assert refused.count("\n") == 1


def test_a_trust_tells_the_issuer_and_when_its_certificate_ends(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "good.crt").write_text(certificate(rsa_key()))
    code, said, _ = type_("clients trust --name Salesforce --certificate good.crt")
    issuer = said.split()[1]
    assert code == 0
    listed = type_("clients list")[1]
    assert issuer in listed
    assert "vouches for users, RS256, RS512; first certificate ends" in listed
    assert type_(f"clients rotate {issuer}")[0] == 1  # it has no secret


def test_a_grant_says_who_when_why_and_until_when(type_: Type) -> None:
    assert "nobody has a role" in type_("roles list")[1]
    given = f"roles grant --user {USER[:15]} --role legal --by Ada --until 2999-12-31"
    code, said, _ = type_(given, "--reason", "judges the clauses")
    assert code == 0
    assert "is not among the users" in said
    listed = type_("roles list")[1]
    assert f"{USER}  legal  holds" in listed
    assert "by Ada: judges the clauses" in listed
    assert "until 2999-12-31" in listed
    assert type_(f"roles revoke --user {USER} --role legal --by Eve --reason left")[0] == 0
    ended = type_("roles list")[1]
    assert f"{USER}  legal  ended" in ended
    assert "by Eve: left" in ended
    assert "nobody has a role" in type_("roles list", org=THEIRS.org.name)[1]
