"""`contract-graph policy`, as a security reviewer types it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auth.policy import Policy
from auth.policy_file import SHIPPED
from tests.api.command_line import only_line, run_here
from tests.api.graph import OURS

Ran = subprocess.CompletedProcess[str]
Typed = Callable[..., Ran]

ADA = "005Hs00000AAAAAIA5"
CONTRACTS = "{ contracts(first: 1) { nodes { number totalValue { amount } liabilityCap { amount } } } }"

MISSING = (
    "missing.toml cannot be read: No such file or directory;"
    " a policy is `shipped`, `in-force`, `proposed`, or a policy file"
)


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A command of `policy` in an empty folder, with no database in reach."""
    monkeypatch.chdir(tmp_path)
    given = {"CONTRACT_GRAPH_HOME": str(tmp_path / "home")}
    return lambda line, *more: run_here(monkeypatch, capsys, given, "policy", *line.split(), *more)


@pytest.fixture
def in_ours(  # noqa: PLR0913, PLR0917 - fixtures
    small_orgs: str,  # noqa: ARG001 - the database has them
    owner_url: str,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Any command, over a small org: Ada owns contracts, is an admin, and by her profile a sales_rep."""
    monkeypatch.chdir(tmp_path)

    given = {
        "DATABASE_URL": database_url, "DATABASE_OWNER_URL": owner_url, "CONTRACT_GRAPH_HOME": str(tmp_path),
    }  # fmt: skip

    def typed(line: str, *more: str) -> Ran:
        return run_here(monkeypatch, capsys, given, *line.split(), *more, "--org", OURS.org.name)

    return typed


# check


def test_a_check_of_the_shipped_policy_tells_its_digest_and_its_figures(typed: Typed, policy: Policy) -> None:
    done = typed("check")
    assert done.returncode == 0
    assert f"SHA-256 {policy.digest}\n" in done.stdout
    decisions = f"{len(policy.roles) * len(policy.fields):,}"
    assert f"{decisions} decisions of {decisions} made" in done.stdout
    for role in policy.roles:
        assert re.search(rf"^{role} +(org|account_team|own) +\d+ +\d+ +\d+ +\d+$", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("0 findings to act on, 0 notes\n")


def test_a_check_of_a_candidate_with_a_mistake_tells_the_line_and_a_way_out(typed: Typed) -> None:
    Path("candidate.toml").write_text(SHIPPED.read_text().replace('RISK = "deny"', 'RISKS = "deny"', 1))
    line = SHIPPED.read_text().splitlines().index('RISK = "deny"') + 1
    done = typed("check candidate.toml")
    assert done.returncode == 1
    assert done.stdout == (
        f"candidate.toml:{line}: role sales_rep has the unknown key RISKS; did you mean RISK?\n"
    )
    assert done.stderr == ""


def test_a_check_of_a_candidate_with_an_idle_rule_fails(typed: Typed) -> None:
    idle = '[[forbid]]\naudiences = ["COMMERCIAL"]\nroles = ["customer_success"]\nwhy = "w"\n'
    Path("candidate.toml").write_text(f'{SHIPPED.read_text()}\n{idle}when = {{ status = "DRAFT" }}\n')
    done = typed("check candidate.toml")
    assert done.returncode == 1
    line = len(SHIPPED.read_text().splitlines()) + 2
    assert f"candidate.toml:{line}: the rule never changes a decision: forbid COMMERCIAL to" in done.stdout
    assert "\n1 finding to act on, 0 notes\n" in done.stdout


def test_a_file_that_is_not_there_is_told_in_a_line(typed: Typed) -> None:
    assert only_line(typed("check missing.toml")) == MISSING


def test_a_check_in_an_org_names_the_roles_that_nobody_has(in_ours: Typed) -> None:
    assert in_ours("clients add --role integrator --name sync").returncode == 0
    done = in_ours("policy check")
    assert done.returncode == 0
    assert f"nobody in {OURS.org.name} has the role legal" in done.stdout
    for held in ("sales_rep", "integrator"):
        assert f"has the role {held};" not in done.stdout
    assert done.stdout.endswith("0 findings to act on, 5 notes\n")


# matrix


def test_the_matrix_has_a_character_for_every_role_and_field(typed: Typed, policy: Policy) -> None:
    done = typed("matrix")
    assert done.returncode == 0
    rows = re.findall(r"^  (\w+) +([A-Z]+) +((?:[x*~%.] ?){8})$", done.stdout, re.MULTILINE)
    assert len(rows) == len(policy.fields)
    assert ("liabilityCap", "LEGAL", ". . x x . x . .") in rows
    assert ("totalValue", "COMMERCIAL", "x x x x % x . .") in rows


def test_the_matrix_of_a_role_and_an_entity(typed: Typed) -> None:
    done = typed("matrix --role legal --role finance --entity Contact")
    assert re.search(r"^  email +PERSONAL +\. \.$", done.stdout, re.MULTILINE)
    assert "Contract" not in done.stdout
    assert "sales_rep" not in done.stdout


def test_the_matrix_for_a_spreadsheet(typed: Typed) -> None:
    done = typed("matrix --csv --role finance --entity Contract")
    assert done.stdout.startswith("role,field,audience,decision,rows,rule,line,reason\n")
    assert "finance,Contract.liabilityCap,LEGAL,show,in every record of the org," in done.stdout


def test_the_matrix_as_a_page(typed: Typed, policy: Policy) -> None:
    done = typed("matrix --html")
    assert done.returncode == 0
    assert done.stdout.startswith("<!doctype html>\n")
    assert done.stdout.endswith("</html>\n")
    assert policy.digest in done.stdout


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("matrix --role king", "has no role 'king'; it has: admin, customer_success"),
        ("matrix --entity contract", "there is no entity 'contract'; there are: AccessRequest"),
        (
            "explain --role legal --field Contract.titel",
            "titel is no field of the contract graph; did",
        ),
        ("explain --role king --field Contract.title", "has no role 'king'"),
        ("explain --field Contract.title", "say who: --role ROLE, or --user ID with --org ORG"),
        ("explain --field Contract.title --user 005Hs00000AAAAAIA5", "need --org"),
        ("explain --field Contract.title --role legal --contract K-1", "need --org"),
        ("explain --field Contract.title --user ada --org x", "--user: 'ada' is not a Salesforce id"),
        ("explain --field User.name --role legal --contract K-1 --org x", "User.name belongs to no contract"),
        ("plan missing.graphql --role legal", "missing.graphql cannot be read"),
        ("plan broken.graphql --role king", "has no role 'king'"),
        ("plan broken.graphql --role legal --variables {", "--variables is no JSON"),
        ("plan broken.graphql --role legal --variables []", "--variables is no JSON object"),
        ("plan broken.graphql --role legal --policy missing.toml", "missing.toml cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(typed: Typed, line: str, told: str) -> None:
    Path("broken.graphql").write_text("{ contracts { nodes { titel } } }")
    assert told in only_line(typed(line))


# explain


def test_an_explanation_tells_rule_line_rows_mask_and_columns(typed: Typed, policy: Policy) -> None:
    line = policy.roles["customer_success"].words[policy.fields["Contract.totalValue"]].rule.line
    told = typed("explain --role customer_success --field Contract.totalValue").stdout
    assert "Contract.totalValue is for COMMERCIAL: Aggregate value over the whole term" in told
    assert "MASKED in every record of the org, unless status is DRAFT or IN_REVIEW\n" in told
    assert f"    by   customer_success.COMMERCIAL = mask  {SHIPPED}:{line}\n" in told
    assert "DENIED in the rest\n    by   forbid COMMERCIAL to customer_success" in told
    assert "What is being negotiated stays with those who negotiate." in told
    assert "mask     one significant digit\n" in told
    columns = told.splitlines()[-1]
    assert "contract.total_value_amount" in columns
    assert "contract.status" in columns


def test_an_explanation_tells_by_whom_a_rule_was_inherited(typed: Typed) -> None:
    told = typed("explain --role sales_manager --field Contact.email").stdout
    assert "sales_manager inherits it from sales_rep" in told


def test_a_denied_field_reads_no_column(typed: Typed) -> None:
    told = typed("explain --role sales_rep --field Contract.liabilityCap").stdout
    assert told.startswith("Contract.liabilityCap is for LEGAL")
    assert "DENIED in every record\n    by   sales_rep.LEGAL = deny" in told
    assert told.endswith("columns  none is read\n")


def test_an_explanation_for_a_user_counts_the_roles_that_they_hold(in_ours: Typed) -> None:
    told = in_ours("policy explain --field Contract.totalValue --user", ADA, "--contract", "K-1").stdout
    assert f"{ADA} in {OURS.org.name} has admin, sales_rep\n" in told
    assert "SHOWN in the records of the caller and of the accounts and deals they work on" in told
    assert "  sales_rep: reaches it\n  own: Contract.contractOwner is the caller\n" in told
    assert "  own: Contract.account.owner is the caller\n" in told
    assert told.endswith("  Contract.totalValue is SHOWN there\n")


def test_without_a_user_nothing_is_anybodys_own(in_ours: Typed) -> None:
    ask = "policy explain --field Contract.totalValue --contract K-1 --role"
    told = in_ours(ask, "sales_rep").stdout
    assert "  sales_rep: does not reach it\n" in told
    assert told.endswith("  Contract.totalValue is DENIED there\n")
    told = in_ours(ask, "sales_rep", "--role", "legal").stdout
    assert "  legal: reaches it\n  sales_rep: does not reach it\n" in told
    assert told.endswith("  Contract.totalValue is SHOWN there\n")


def test_a_draft_is_explained_by_its_own_status(in_ours: Typed) -> None:
    ask = "policy explain --field Contract.totalValue --role customer_success --contract"
    told = {number: in_ours(ask, number).stdout.splitlines()[-1].split()[-2] for number in ("K-1", "K-3")}
    assert told == {"K-1": "MASKED", "K-3": "DENIED"}


def test_a_contract_or_user_that_is_not_there_is_told(in_ours: Typed) -> None:
    told = in_ours("policy explain --field Contract.title --role legal --contract K-404").stdout
    assert told.endswith("there is none of this number\n")
    missing = in_ours("policy explain --field Contract.title --user 005Hs00000AAAABIA5")
    assert "has no user" in only_line(missing)


# plan


def test_a_plan_tells_the_statement_its_arguments_and_what_is_not_shown(typed: Typed) -> None:
    Path("ask.graphql").write_text(CONTRACTS)
    done = typed("plan ask.graphql --role customer_success")
    assert done.returncode == 0
    assert "FROM contract AS t1\n" in done.stdout
    assert "  $1  the caller's org\n  $2  the caller's Salesforce id\n" in done.stdout
    assert "  $3  ['DRAFT', 'IN_REVIEW']\n  $4  1\n" in done.stdout
    assert "liability_cap" not in done.stdout
    assert "\ndenied\n  contracts.nodes.totalValue  Contract.totalValue\n" in done.stdout
    assert "      by   customer_success.LEGAL = deny\n" in done.stdout
    assert "\nmasked\n  contracts.nodes.totalValue  Contract.totalValue: one" in done.stdout


def test_a_plan_reads_variables(typed: Typed) -> None:
    Path("ask.graphql").write_text("query ($n: String!) { contract(number: $n) { title } }")
    done = typed("plan ask.graphql --role legal --variables", '{"n": "K-1"}')
    assert "  K-1\n" in done.stdout
    assert done.stdout.endswith("denied: nothing\n\nmasked: nothing\n")


def test_a_plan_that_the_api_would_refuse_says_why(typed: Typed) -> None:
    Path("ask.graphql").write_text("{ contracts(filter: { liabilityCap: { isNull: true } }) { totalCount } }")
    done = typed("plan ask.graphql --role sales_rep")
    assert done.returncode == 1
    assert "refused before SQL: Contract.liabilityCap cannot be used in a filter" in done.stdout
    assert "      rule   sales_rep.LEGAL = deny\n" in done.stdout
    Path("ask.graphql").write_text("{ contracts { nodes { titel } } }")
    done = typed("plan ask.graphql --role sales_rep")
    assert done.returncode == 1
    assert "refused before SQL: Cannot query field 'titel'" in done.stdout


# diff


def candidate(changed: str, into: str) -> str:
    assert changed in SHIPPED.read_text()
    Path("candidate.toml").write_text(SHIPPED.read_text().replace(changed, into))
    return "candidate.toml"


def test_a_difference_tells_both_lines_and_who_gains_and_loses(typed: Typed) -> None:
    candidate(
        'COMMERCIAL = "show"\nEVIDENCE = "show"\nLEGAL', 'COMMERCIAL = "mask"\nEVIDENCE = "show"\nLEGAL'
    )
    done = typed("diff shipped candidate.toml")
    assert done.returncode == 1
    assert "\nsales_rep\n  COMMERCIAL, " in done.stdout
    assert re.search(r"- shown .*  sales_rep\.COMMERCIAL = show  /.*/policy.toml:\d+", done.stdout)
    assert re.search(r"\+ masked .*  sales_rep\.COMMERCIAL = mask  candidate.toml:\d+", done.stdout)
    assert "Contract.totalValue" in done.stdout
    assert re.search(r"\nin all\n  sales_rep      gains 0 fields, loses \d+ fields\n", done.stdout)
    assert re.search(r"\n  sales_manager  gains 0 fields, loses \d+ fields\n$", done.stdout)


def test_the_same_policy_is_no_difference(typed: Typed) -> None:
    candidate("# Sells:", "# They sell:")
    done = typed("diff shipped candidate.toml")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "no decision changes")


def test_a_difference_tells_of_rows_and_commands(typed: Typed) -> None:
    candidate('"grantRole", "revokeRole"', '"grantRole"')
    done = typed("diff candidate.toml shipped")
    assert "\nadmin\n  + admin.commands has revokeRole  " in done.stdout
    assert "gains 0 fields and 1 command or claim, loses 0 fields" in done.stdout
    candidate('rows = "account_team"', 'rows = "own"')
    told = typed("diff shipped candidate.toml").stdout
    assert (
        "sales_rep\n  reaches\n    - the records of the caller and of the accounts and deals they work on\n"
        in told
    )
    assert "    + the caller's own records\n" in told


def test_what_salesforce_shares_is_told_by_every_command(typed: Typed) -> None:
    candidate('rows = "account_team"', 'rows = "salesforce"')
    shared = "the records that Salesforce lets the caller read"
    assert re.search(r"^sales_rep +salesforce +\d+", typed("check candidate.toml").stdout, re.MULTILINE)
    assert f"    + {shared}\n" in typed("diff shipped candidate.toml").stdout
    value = "explain --field Contract.totalValue --role sales_rep --policy candidate.toml"
    assert f"in {shared}" in typed(value).stdout
    assert shared in typed("matrix candidate.toml --csv --role sales_rep").stdout
    Path("q.graphql").write_text("{ contracts { totalCount } }")
    planned = typed("plan q.graphql --role sales_rep --policy candidate.toml").stdout
    assert "FROM salesforce_access" in planned
    assert "from when on Salesforce's word counts" in planned


def test_a_case_may_speak_of_what_salesforce_shares(typed: Typed) -> None:
    case = """[[cases]]
why = "w"
roles = ["sales_rep"]
record = {{ scope = "{}" }}
{} = ["Contract.totalValue"]
"""
    candidate('rows = "account_team"', 'rows = "salesforce"')
    for scope, word in [("salesforce", "show"), ("org", "deny")]:
        Path("cases.toml").write_text(case.format(scope, word))
        assert typed("test cases.toml --policy candidate.toml").returncode == 0, scope
    # Of one's own record it is open whether Salesforce shares it: neither holds of every such record.
    for scope, word in [("own", "deny"), ("own", "show"), ("salesforce", "deny"), ("org", "show")]:
        Path("cases.toml").write_text(case.format(scope, word))
        assert typed("test cases.toml --policy candidate.toml").returncode == 1, scope
    # Where no role asks Salesforce, what it shares is as any other record of the org.
    Path("cases.toml").write_text(case.format("salesforce", "deny"))
    assert typed("test cases.toml").returncode == 0


def test_a_difference_in_an_org_counts_users_and_contracts(in_ours: Typed) -> None:
    candidate('rows = "account_team"', 'rows = "org"')
    done = in_ours("policy diff shipped candidate.toml")
    assert done.returncode == 1
    end = done.stdout.split(f"\nin {OURS.org.name}\n")[1]
    counted = re.fullmatch(r"  sales_rep  1 user, 0 programs; reaches (\d+) contracts, then (\d+)\n", end)
    assert counted, end
    assert int(counted[2]) > int(counted[1]) > 0


# test


def test_the_shipped_cases_are_met(typed: Typed, policy: Policy) -> None:
    done = typed("test")
    assert done.returncode == 0
    assert re.match(r"\d+ cases in \d+ files, [\d,]+ decisions: all as expected\n", done.stdout)
    assert policy.digest in done.stdout


def test_a_candidate_that_breaks_a_case_is_told_with_the_cases_line_and_the_rule(typed: Typed) -> None:
    candidate(
        'LEGAL = "deny"\nRISK = "deny"\nPERSONAL = "mask"', 'LEGAL = "show"\nRISK = "deny"\nPERSONAL = "mask"'
    )
    done = typed("test --policy candidate.toml")
    assert done.returncode == 1
    assert re.search(
        r"sales\.toml:\d+: expected deny of \w+\.\w+ \(and of \d+ more of LEGAL\);"
        r" the policy shows it in .*, by sales_rep\.LEGAL = show \(candidate\.toml:\d+\)\n"
        r"    as sales_rep: Clauses and risk are for those who judge them",
        done.stdout,
    )
    assert "not as expected" in done.stdout


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ('show = ["RISKS"]', "cases.toml:4: show names 'RISKS'; did you mean RISK?"),
        (
            'operation = "{ contracts { nodes { titel } } }"',
            "cases.toml:4: the operation is none: Cannot query",
        ),
    ],
)
def test_a_mistake_in_a_case_is_told_in_a_line(typed: Typed, case: str, told: str) -> None:
    Path("cases.toml").write_text(f'[[cases]]\nwhy = "w"\nroles = ["legal"]\n{case}\n')
    assert only_line(typed("test cases.toml")).startswith(told)


def test_cases_that_are_not_there_are_told_in_a_line(typed: Typed) -> None:
    assert only_line(typed("test missing.toml")) == "missing.toml cannot be read: No such file or directory"
    Path("empty").mkdir()
    assert only_line(typed("test empty")) == "there is no case in empty"
