"""The matrix as one page that can be filed: nothing in it comes from elsewhere, and it needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path

from auth.policy import Policy, Role, Rule, declared_at
from auth.review.matrix import Mark, Matrix, MatrixCell
from auth.review.part import Part
from domain.field import ENTITIES, Audience

TEMPLATE = Path(__file__).with_name("page.html")
SCRIPT = Path(__file__).with_name("page.js")

SIGNS = {
    Mark.SHOWN: ("✓", "show", "shown"),
    Mark.PARTLY_SHOWN: ("✓*", "show part", "shown in some records"),
    Mark.MASKED: ("≈", "mask", "masked"),
    Mark.PARTLY_MASKED: ("≈*", "mask part", "masked in some records"),
    Mark.DENIED: ("&ndash;", "deny", "denied"),
}
"""What stands in a cell as HTML, how it looks, and its name: a sign too, for whoever sees no colour."""
LEGEND = {
    Mark.SHOWN: "shown, in every record that the role reaches",
    Mark.PARTLY_SHOWN: "shown in some of these records only, such as contracts that have been signed",
    Mark.MASKED: "masked: roughly known. Amounts are rounded to one digit (47,500 is told as 50,000), days to"
    " the first of their quarter, addresses to what follows the @, other texts to their last four characters",
    Mark.PARTLY_MASKED: "masked in some of these records, denied in the others",
    Mark.DENIED: "denied: an empty answer, and the value is never read from the database",
}
AUDIENCES = {
    Audience.EVERYONE: "what it is: number, title, type, status, account",
    Audience.SCHEDULE: "dates, renewal, milestones",
    Audience.COMMERCIAL: "prices, amounts, payment terms",
    Audience.LEGAL: "liability, termination, governing law",
    Audience.RISK: "scores and what they rest on",
    Audience.EVIDENCE: "documents, amendments, hashes",
    Audience.DELIVERY: "obligations and service levels",
    Audience.PERSONAL: "people's e-mail and telephone",
    Audience.ACCESS: "who has which role, and by whom",
    Audience.OVERSIGHT: "where values came from, and when they changed",
}


def page(matrix: Matrix, written: datetime) -> str:
    """Write the page; `written` is in UTC."""
    policy, parts, script = matrix.policy, _Parts(), SCRIPT.read_text(encoding="utf-8")
    rows = "\n".join(_entity(matrix, entity, parts) for entity in matrix.fields)
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    filled = {
        "script_hash": f"sha256-{hashed}",
        "short_digest": policy.digest[:12],
        "a_role": escape(matrix.roles[0]),
        "source": escape(policy.source),
        "digest": policy.digest,
        "date": f"{written:%Y-%m-%d %H:%M} UTC",
        "counts": escape(_counts(matrix)),
        "decisions": escape(_decisions(matrix)),
        "legend": "\n".join(_legend(mark) for mark in Mark),
        "role_headers": "".join(_role_header(place, role) for place, role in enumerate(matrix.roles)),
        "overview": "\n".join(_overview(matrix, audience) for audience in Audience),
        "roles": "\n".join(_role(policy, policy.roles[role]) for role in matrix.roles),
        "special": _special(policy, matrix.roles),
        "entity_options": "".join(f"<option>{escape(name)}</option>" for name in matrix.fields),
        "role_options": "".join(
            f'<option value="{place}">{escape(role)}</option>' for place, role in enumerate(matrix.roles)
        ),
        "decision_options": "".join(f'<option value="{m.name}">{SIGNS[m][2]}</option>' for m in Mark),
        "matrix": rows,
        "lines": "\n".join(_line(*each) for each in sorted(_lines(matrix).items())),
        "parts": parts.json(policy, matrix.roles),
        "script": script,
    }
    told = TEMPLATE.read_text(encoding="utf-8").split("{{")
    # Filled in once, from the left: what a policy says is never taken for a place to fill.
    return told[0] + "".join(
        filled[name] + rest for name, _, rest in (each.partition("}}") for each in told[1:])
    )


class _Parts:
    """What cells say, each once: the fields of an audience mostly differ by their names alone."""

    def __init__(self) -> None:
        self._places: dict[tuple[object, ...], int] = {}

    def place(self, part: Part, coordinate: str) -> int:
        reason = part.reason.replace(coordinate, "{field}")
        key = (str(part.word), part.rows, part.rule, part.line, reason)
        return self._places.setdefault(key, len(self._places))

    def json(self, policy: Policy, roles: Iterable[str]) -> str:
        """Return them as JSON that ends no script, whatever a policy says."""
        told = {"parts": list(self._places), "roles": list(roles), "source": policy.source}
        return json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")


def _counts(matrix: Matrix) -> str:
    fields = sum(map(len, matrix.fields.values()))
    told = [
        f"{number} {what}{'' if number == 1 else 's'}"
        for number, what in ((len(matrix.roles), "role"), (fields, "field"), (len(matrix.fields), "kind"))
    ]
    return "{}, {} of {} of records".format(*told)


def _decisions(matrix: Matrix) -> str:
    counted = Counter(cell.mark for cell in matrix)
    told = [f"{counted[mark]:,} {SIGNS[mark][2]}" for mark in Mark if counted[mark]]
    return f"{len(matrix.cells):,}: {', '.join(told)}"


def _legend(mark: Mark) -> str:
    sign, look, _ = SIGNS[mark]
    return f'<li><span class="cell {look}">{sign}</span><span>{escape(LEGEND[mark])}</span></li>'


def _role_header(place: int, role: str) -> str:
    return f'<th scope="col" class="role" data-role="{place}">{escape(role).replace("_", "_<wbr>")}</th>'


def _overview(matrix: Matrix, audience: Audience) -> str:
    cells = []
    for role in matrix.roles:
        marks = [cell.mark for cell in matrix if cell.role == role and cell.audience is audience]
        if not marks:
            cells.append('<td class="cell"></td>')
            continue
        sign, look, told = SIGNS[max(Mark, key=marks.count)]
        seen = sum(mark is not Mark.DENIED for mark in marks)
        small = f"<small>{seen} of {len(marks)}</small>" if len(set(marks)) > 1 else ""
        cells.append(
            f'<td class="cell {look}"><i aria-hidden="true">{sign}</i>'
            f'<span class="hidden-text">{told}</span>{small}</td>'
        )
    meaning = f"<small>{escape(AUDIENCES[audience])}</small>"
    return f'<tr><th scope="row">{audience} {meaning}</th>{"".join(cells)}</tr>'


def _role(policy: Policy, role: Role) -> str:
    told = [f"<h3>{escape(role.name)}</h3>"]
    if comment := _comment(policy, role.line):
        told.append(f"<p>{escape(comment)}</p>")
    told.append(f"<p><small>Reaches</small> {escape(str(role.rows))}.</p>")
    for title, names in (("May", role.commands), ("May claim values of", role.claims)):
        if names:
            told.append(f"<p><small>{title}</small> {escape(', '.join(map(str, names)))}.</p>")
    return f"<section>{''.join(told)}</section>"


def _comment(policy: Policy, line: int) -> str:
    """Return the comment right above a line of the policy: what its writer says that the role is for."""
    found: list[str] = []
    for above in reversed(policy.text.splitlines()[: line - 1]):
        if not above.startswith("# "):
            break
        found.append(above.removeprefix("# ").strip())
    return " ".join(reversed(found))


def _special(policy: Policy, roles: Iterable[str]) -> str:
    """List what is said of single fields and what is forbidden: the lines that a reviewer reads first."""
    rules = [each.said.rule for role in roles for each in policy.roles[role].exceptions]
    rules += [forbid.rule for forbid in policy.forbids if forbid.roles is None or forbid.roles & set(roles)]
    if not rules:
        return ""
    rows = "".join(_rule(rule) for rule in dict.fromkeys(rules))
    head = (
        '<thead><tr><th scope="col">Line</th><th scope="col">Rule</th><th scope="col">Why</th></tr></thead>'
    )
    return f"<h2>Exceptions and what is forbidden</h2>\n<table>{head}<tbody>{rows}</tbody></table>\n"


def _rule(rule: Rule) -> str:
    text, why = escape(rule.text), escape(rule.why or "")
    return f"<tr><td>{rule.line}</td><td><code>{text}</code></td><td>{why}</td></tr>"


def _lines(matrix: Matrix) -> Counter[tuple[int, str]]:
    """Count the decisions that each line makes; those that none makes stand on line 0."""
    return Counter((part.line, part.rule) for cell in matrix for part in cell.parts)


def _line(place: tuple[int, str], decisions: int) -> str:
    line, rule = place
    told = f"<code>{escape(rule)}</code>" if line else "no line grants it: denied"
    return f"<tr><td>{line or ''}</td><td>{told}</td><td>{decisions:,}</td></tr>"


def _entity(matrix: Matrix, entity: str, parts: _Parts) -> str:
    summary = (ENTITIES[entity].__doc__ or "").strip().splitlines()[0]
    head = (
        f'<tr><th scope="rowgroup" colspan="{len(matrix.roles) + 2}">{escape(entity)}'
        f"<small>{escape(summary)}</small></th></tr>"
    )
    rows = "\n".join(_field(matrix, coordinate, parts) for coordinate in matrix.fields[entity])
    return f'<tbody data-entity="{escape(entity)}">\n{head}\n{rows}\n</tbody>'


def _field(matrix: Matrix, coordinate: str, parts: _Parts) -> str:
    name, audience = coordinate.partition(".")[2], matrix.policy.fields[coordinate]
    meaning = declared_at(coordinate).meaning
    words = escape(f"{coordinate} {audience} {meaning}".lower())
    data = f'data-field="{escape(coordinate)}" data-words="{words}"'
    cells = "".join(
        _cell(place, matrix.cells[role, coordinate], parts) for place, role in enumerate(matrix.roles)
    )
    return (
        f'<tr {data}><th scope="row"><code>{escape(name)}</code>'
        f'<small class="of" data-audience="{audience}">{escape(meaning)}</small></th>'
        f'<td class="audience">{audience}</td>{cells}</tr>'
    )


def _cell(place: int, cell: MatrixCell, parts: _Parts) -> str:
    sign, look, told = SIGNS[cell.mark]
    places = " ".join(str(parts.place(part, cell.coordinate)) for part in cell.parts)
    return (
        f'<td class="cell {look}" data-role="{place}" data-mark="{cell.mark.name}" data-parts="{places}"'
        f' data-told="{told}"><i aria-hidden="true">{sign}</i><span class="hidden-text">{told}</span></td>'
    )
