"""`contract-graph clients` and `contract-graph roles`, as an administrator types them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli import main
from auth import policy_change
from auth.policy_file import SHIPPED
from domain.identity import salesforce_id
from domain.org import Org
from storage.database import connect
from storage.orgs import save_org
from tests.api.graph import OURS, THEIRS
from tests.api.salesforce_org import USER, certificate, rsa_key

Type = Callable[..., tuple[int, str, str]]
PROFILE, SET = salesforce_id("00exx0000000001"), salesforce_id("0PSxx0000000001")


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


def test_what_a_client_may_ask_for_is_said_at_its_registration_and_later(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "good.crt").write_text(certificate(rsa_key()))
    _, said, _ = type_("clients add --role integrator --name sync --scope graph:read")
    client = said.split()[1]
    type_("clients add --role integrator --name other")
    type_("clients trust --name Salesforce --certificate good.crt")
    type_("clients public --name Portal --redirect-uri https://portal.example/ --scope graph:write")
    kept = {each.split("\n")[0].split()[0]: each for each in _clients(type_)}
    assert kept["sync"].endswith("; graph:read")
    assert kept["other"].endswith("; graph:read graph:write graph:documents")
    assert kept["Salesforce"].endswith("; graph:read graph:write")
    assert kept["Portal"].endswith("; graph:write")
    _, said, _ = type_(f"clients scopes {client} --scope graph:documents --scope graph:read")
    assert said.startswith(f"{client} may ask for graph:documents graph:read; its tokens keep")
    assert next(each for each in _clients(type_) if each.startswith("sync")).endswith(
        "graph:documents graph:read"
    )
    assert type_(f"clients scopes {client} --scope graph:read", org=THEIRS.org.name)[0] == 1


def _clients(type_: Type) -> list[str]:
    """Return what is listed of each client, from its name on."""
    lines = type_("clients list")[1].rstrip("\n").split("\n")
    return [f"{name.split('  ')[1]}\n{told}" for name, told in zip(lines[::2], lines[1::2], strict=True)]


@pytest.mark.parametrize("line", ["clients scopes me", "clients scopes me --scope graph:all"])
def test_a_scope_that_there_is_not_is_no_scope(type_: Type, line: str) -> None:
    with pytest.raises(SystemExit):
        type_(line)


def test_what_is_in_force_says_which_roles_there_are(type_: Type, owner_url: str) -> None:
    approve(owner_url, SHIPPED.read_text().replace("[roles.integrator]", "[roles.connector]"))
    assert type_("clients add --name sync --role connector")[0] == 0
    assert type_(f"roles grant --user {USER} --role connector --reason r")[0] == 0
    assert type_("token --role connector")[0] == 0
    for line in (
        "clients add --name sync --role integrator",
        f"roles grant --user {USER} --role integrator --reason r",
        "token --role integrator",
    ):
        assert "the policy in force has no role 'integrator'; it has: admin, connector" in type_(line)[2]


def test_a_role_that_the_policy_has_no_more_is_taken_away(type_: Type, owner_url: str) -> None:
    assert type_(f"roles grant --user {USER} --role integrator --reason r")[0] == 0
    approve(owner_url, SHIPPED.read_text().replace("[roles.integrator]", "[roles.connector]"))
    assert type_(f"roles revoke --user {USER} --role integrator --reason r")[0] == 0


def approve(url: str, policy: str) -> None:
    """Put a policy in force."""

    async def run() -> None:
        connection = await connect(url)
        candidate = await policy_change.propose(connection, policy.encode(), "other", by="ann", reason="r")
        await policy_change.approve(connection, candidate.digest, by="bob", reason="r")
        await connection.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("clients add --name sync --role king", "the policy in force has no role 'king'"),
        ("clients trust --name sf --certificate missing.crt", "missing.crt cannot be read"),
        ("clients trust --name sf --certificate broken.crt", "broken.crt cannot be trusted"),
        ("clients trust --name sf --certificate weak.crt", "1024 bits; 2048 are the least"),
        (f"roles grant --user {USER} --role king --reason r", "the policy in force has no role 'king'"),
        ("roles grant --user ann --role legal --reason r", "--user: 'ann' is not a Salesforce id"),
        (f"roles grant --user {USER} --role legal --reason r --until 2020-01-01", "lies in the past"),
        (f"roles revoke --user {USER} --role legal --reason r", "has no legal that could be revoked"),
        (f"roles grant --profile {USER} --role legal --reason r", "--profile: '005xx000001X8UzAAK' is not"),
        (f"roles grant --permission-set {PROFILE} --role legal --reason r", "those begin with 0PS"),
        (f"roles revoke --user {PROFILE} --role legal --reason r", "those begin with 005"),
        ("roles list --user ann", "--user: 'ann' is not a Salesforce id"),
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
    assert f"{USER}  user  legal  holds" in listed
    assert "by Ada: judges the clauses" in listed
    assert "until 2999-12-31" in listed
    assert type_(f"roles revoke --user {USER} --role legal --by Eve --reason left")[0] == 0
    ended = type_("roles list")[1]
    assert f"{USER}  user  legal  ended" in ended
    assert "by Eve: left" in ended
    assert "nobody has a role" in type_("roles list", org=THEIRS.org.name)[1]


@pytest.mark.parametrize(
    ("option", "holder", "word"), [("profile", PROFILE, "profile"), ("permission-set", SET, "permission set")]
)
def test_a_role_is_granted_to_many_at_once(type_: Type, option: str, holder: str, word: str) -> None:
    code, said, _ = type_(f"roles grant --{option} {holder[:15]} --role legal --by Ada --reason clauses")
    assert code == 0
    assert f"no user of {OURS.org.name} has the {word} yet" in said
    assert f"{holder}  {word}  legal  holds" in type_("roles list")[1]
    assert type_(f"roles revoke --{option} {holder} --role legal --by Eve --reason over")[0] == 0
    assert f"{holder}  {word}  legal  ended" in type_("roles list")[1]


def test_a_grant_is_to_one_holder_alone(type_: Type, capsys: pytest.CaptureFixture[str]) -> None:
    for holders in ("", f"--user {USER} --profile {PROFILE}"):
        with pytest.raises(SystemExit):
            type_(f"roles grant {holders} --role legal --reason r")
        assert "--user" in capsys.readouterr().err


def test_the_list_tells_by_which_ways_a_role_reaches_a_user(type_: Type, tmp_path: Path) -> None:
    assert "`contract-graph import crm` brings them" in type_(f"roles list --user {USER}")[1]
    (tmp_path / "users.csv").write_text(f"Id,Name,IsActive,ProfileId\n{USER},Ann,true,{PROFILE}\n")
    assignment = salesforce_id("0Paxx0000000001")
    rows = f"Id,AssigneeId,PermissionSetId\n{assignment},{USER},{SET}\n"
    (tmp_path / "assignments.csv").write_text(rows)
    assert type_("import crm users.csv assignments.csv")[0] == 0
    assert f"no grant reaches {USER}" in type_(f"roles list --user {USER}")[1]
    told = type_(f"roles grant --profile {PROFILE} --role finance --reason bills")[1]
    assert "1 users have the profile" in told
    type_(f"roles grant --permission-set {SET} --role legal --reason clauses")
    type_(f"roles grant --permission-set {SET[:-3]} --role admin --reason mistake")
    other = salesforce_id("0PSxx0000000002")
    type_(f"roles grant --permission-set {other} --role integrator --reason others")
    listed = type_(f"roles list --user {USER[:15]}")[1]
    for line in (f"{PROFILE}  profile  finance  holds", f"{SET}  permission set  legal  holds"):
        assert line in listed
    assert "integrator" not in listed
