"""What the policy decides, as `contract-graph policy check|matrix|explain|plan` tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

from api.errors import AccessDenied, ApiError, BadUserInput
from api.limits import MAX_JSON_DEPTH, MAX_SOURCE, is_too_deep
from api.planner.dry_run import columns_read, dry_run
from api.review.question import LONGEST_NAME, Answer, Question
from auth.policy import Rule, Word, declared_at
from auth.review.coverage import cover
from auth.review.explanation import Explanation, Spoken, UnknownField, explain
from auth.review.matrix import MatrixCell, matrix_of
from auth.review.part import Part
from auth.review.sight import Sight
from auth.view import view_for
from domain.field import ENTITIES
from domain.mask import mask_of

MOST_ROLES: Final = 3
"""Of more roles without an entity the matrix is too large for an answer."""


def check(question: Question) -> Answer:
    """Look over the whole policy."""
    coverage = cover(question.policy)
    return {
        "decisions": coverage.decisions,
        "undecided": coverage.undecided,
        "findings": [
            {
                "line": each.line,
                "problem": each.problem,
                "suggestion": each.suggestion,
                "stops": each.stops,
            }
            for each in coverage.findings
        ],
    }


def matrix(question: Question) -> Answer:
    """Tell each part of each cell. Raises BadUserInput."""
    roles, entity = question.roles(), question.text("entity", LONGEST_NAME)
    if entity is not None and entity not in ENTITIES:
        raise BadUserInput(f"there is no entity {entity!r}; there are: {', '.join(sorted(ENTITIES))}")
    if entity is None and (roles is None or len(roles) > MOST_ROLES):
        raise BadUserInput(f"name an entity, or from 1 to {MOST_ROLES} roles")
    return [_row(cell, part) for cell in matrix_of(question.policy, roles, entity) for part in cell.parts]


def _row(cell: MatrixCell, part: Part) -> dict[str, Any]:
    mask = mask_of(declared_at(cell.coordinate)) if part.word is Word.MASK else None
    about = {"role": cell.role, "field": cell.coordinate, "audience": cell.audience, "mask": mask}
    return about | part_told(part)


def part_told(part: Part) -> dict[str, Any]:
    """Tell how a field is seen in some records."""
    return {
        "decision": part.word,
        "rows": part.rows,
        "rule": part.rule,
        "line": part.line,
        "reason": part.reason,
    }


def rules_told(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Tell lines of a policy."""
    return [{"rule": rule.text, "line": rule.line, "why": rule.why} for rule in rules]


def explained(question: Question) -> Answer:
    """Explain how somebody sees a field. Raises BadUserInput."""
    roles = question.roles() or []
    try:
        found = explain(question.policy, roles, question.text("field", LONGEST_NAME) or "")
    except UnknownField as error:
        raise BadUserInput(str(error)) from None
    view = view_for(question.policy, frozenset(roles))
    decided = _deciding(found)
    return {
        "field": found.coordinate,
        "meaning": found.meaning,
        "audience": found.audience,
        "roles": found.roles,
        **part_told(found.parts[0]),
        "why": decided and decided.why,
        "chain": decided.chain if decided else (),
        "terms": _terms(Sight(question.policy, roles), found.coordinate),
        "mask": found.mask,
        "columns": sorted(columns_read(view, found.coordinate)),
        "parts": [part_told(part) for part in found.parts],
        "spoken": [_spoken(each) for each in found.spoken],
        "forbids": rules_told(found.forbids),
    }


def _deciding(found: Explanation) -> Rule | None:
    """Return the line that the decision names, with the roles by which it came to these."""
    rules = [*found.forbids, *(spoken.rule for spoken in found.spoken)]
    return next((rule for rule in rules if rule.text == found.parts[0].rule), None)


def _terms(sight: Sight, coordinate: str) -> list[str]:
    cell = sight.cell(coordinate)
    return sorted({str(each) for rows in (*cell.shown, *cell.masked) for each in rows.when | rows.unless})


def _spoken(spoken: Spoken) -> dict[str, Any]:
    return {
        "role": spoken.role,
        "decision": spoken.word,
        "rows": str(spoken.rows),
        "rule": spoken.rule.text,
        "line": spoken.rule.line,
        "chain": spoken.rule.chain,
    }


def planned(question: Question) -> Answer:
    """Compile an operation and do not run it. Raises BadUserInput for variables that are no JSON."""
    roles, variables = question.roles() or [], _variables(question)
    nothing: dict[str, Any] = {
        "statement": None, "arguments": [], "columns": [], "denied": [], "masked": [], "refused": None,
    }  # fmt: skip
    source = question.text("operation", MAX_SOURCE) or ""
    try:
        found = dry_run(source, variables, view_for(question.policy, frozenset(roles)))
    except ApiError as error:
        about = error.extensions if isinstance(error, AccessDenied) else {}
        message = "; ".join(each["message"] for each in error.as_json_list())
        refused = {"code": error.code, "message": message, "field": about.get("field")}
        return nothing | {"refused": refused | {"rule": about.get("rule")}}
    return nothing | {
        "statement": found.statement,
        "arguments": [str(each) for each in found.arguments],
        "columns": sorted(found.columns),
        "denied": [{**each, "mask": None} for each in found.denied],
        "masked": found.masked,
    }


def _variables(question: Question) -> dict[str, Any]:
    given = (question.text("variables", MAX_SOURCE) or "{}").encode()
    if is_too_deep(given):
        raise BadUserInput(f"variables are nested more than {MAX_JSON_DEPTH} deep")
    try:
        variables = orjson.loads(given)
    except orjson.JSONDecodeError:
        variables = None
    if not isinstance(variables, dict):
        raise BadUserInput('variables are a JSON object in a text, such as "{}"')
    return variables


DECISIONS: Final[Mapping[str, Callable[[Question], Answer]]] = {
    "check": check,
    "matrix": matrix,
    "explain": explained,
    "plan": planned,
}
