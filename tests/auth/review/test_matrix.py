from __future__ import annotations

import csv
import io

import pytest

from auth.policy import Policy, Word
from auth.policy_file import read_policy
from auth.review.matrix import Mark, Matrix, matrix_of
from auth.review.matrix_csv import COLUMNS, matrix_csv
from tests.auth.review.test_coverage import LEGAL, exception


@pytest.fixture(scope="module")
def matrix(policy: Policy) -> Matrix:
    return matrix_of(policy)


def test_every_role_has_a_cell_for_every_field(matrix: Matrix, policy: Policy) -> None:
    assert set(matrix.cells) == {(role, field) for role in policy.roles for field in policy.fields}
    assert next(iter(matrix.fields)) == "Contract"


@pytest.mark.parametrize(
    ("role", "field", "mark"),
    [
        ("sales_rep", "Contract.totalValue", Mark.SHOWN),
        ("sales_rep", "Contract.liabilityCap", Mark.DENIED),
        ("sales_rep", "Contact.email", Mark.MASKED),
        ("sales_manager", "Contact.email", Mark.MASKED),
        ("customer_success", "Contract.totalValue", Mark.PARTLY_MASKED),
        ("customer_success", "Opportunity.amount", Mark.MASKED),
        ("finance", "Contract.liabilityCap", Mark.SHOWN),
    ],
)
def test_a_cell_says_what_the_role_sees_of_what_it_reaches(
    matrix: Matrix, role: str, field: str, mark: Mark
) -> None:
    assert matrix.cells[role, field].mark is mark


def test_a_cell_names_its_lines(matrix: Matrix, policy: Policy) -> None:
    lines = policy.text.splitlines()
    masked, denied = matrix.cells["customer_success", "Contract.totalValue"].parts
    assert masked.rule == "customer_success.COMMERCIAL = mask"
    assert lines[masked.line - 1] == 'COMMERCIAL = "mask"'
    assert masked.rows == "in every record of the org, unless status is DRAFT or IN_REVIEW"
    assert denied.word is Word.DENY
    assert lines[denied.line - 1] == "[[forbid]]"
    (unsaid,) = matrix.cells["sales_rep", "Obligation.kind"].parts
    assert (unsaid.rule, unsaid.line) == ("default", 0)


def test_what_is_shown_where_terms_hold_is_marked_so() -> None:
    said = LEGAL + '[roles.sales]\nrows = "own"\nEVERYONE = "show"\n'
    said += exception("sales", "Contract.arr", when='when = { status = "ACTIVE" }\n')
    matrix = matrix_of(read_policy(said.encode(), "p.toml"), ["sales"], "Contract")
    assert matrix.cells["sales", "Contract.arr"].mark is Mark.PARTLY_SHOWN
    assert matrix.cells["sales", "Contract.title"].mark is Mark.SHOWN


def test_a_spreadsheet_gets_a_line_for_each_part(matrix: Matrix) -> None:
    rows = list(csv.DictReader(io.StringIO(matrix_csv(matrix))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == sum(len(cell.parts) for cell in matrix)
    found = [r for r in rows if (r["role"], r["field"]) == ("customer_success", "Contract.totalValue")]
    assert [r["decision"] for r in found] == ["mask", "deny"]
    parts = matrix.cells["customer_success", "Contract.totalValue"].parts
    assert [r["line"] for r in found] == [str(part.line) for part in parts]


def test_a_spreadsheet_takes_no_reason_for_a_formula() -> None:
    said = LEGAL + '[roles.sales]\nrows = "org"\nEVERYONE = "show"\n'
    said += exception("sales", "Contract.arr").replace('"w"', '"=1+1"')
    told = matrix_csv(matrix_of(read_policy(said.encode(), "p.toml"), ["sales"], "Contract"))
    assert ",'=1+1\n" in told
    assert ",=1+1" not in told
