"""The access review for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from auth.review.access import AccessReview
from auth.review.matrix_csv import plain

COLUMNS = (
    "role", "subject", "standing", "name", "by", "holder", "since", "granted_by", "reason", "ends_at",
    "last_used_at", "unused",
)  # fmt: skip


def access_csv(review: AccessReview) -> str:
    """Write a line for each role that somebody holds by a grant or a registration."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for held in review.held:
        unused = "unused" if held.is_unused(review.made_at) else ""
        row = (
            held.role, held.subject, held.standing, held.name, held.holder_kind, held.holder_id,
            _moment(held.since), held.granted_by, held.reason, _moment(held.ends_at),
            _moment(held.last_used_at), unused,
        )  # fmt: skip
        writer.writerow([plain(str(value or "")) for value in row])
    return out.getvalue()


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
