"""The matrix for a spreadsheet."""

from __future__ import annotations

import csv
import io

from auth.review.matrix import Matrix

COLUMNS = ("role", "field", "audience", "decision", "rows", "rule", "line", "reason")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def matrix_csv(matrix: Matrix) -> str:
    """Write a line for each part of a cell: a field may be shown in some records and denied in others."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell in matrix:
        for part in cell.parts:
            line = part.line or ""
            row = (
                cell.role, cell.coordinate, cell.audience, part.word, part.rows, part.rule, line, part.reason
            )  # fmt: skip
            writer.writerow([plain(str(value)) for value in row])
    return out.getvalue()


def plain(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula: reasons are written by people."""
    return f"'{text}" if text.startswith(_FORMULA) else text
