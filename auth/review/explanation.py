"""Why some roles see a field as they do: every word that was said, by whom, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from auth.policy import Policy, Role, Rule, Said, Word, declared_at
from auth.policy_lines import instead
from auth.review.part import Part, parts_of
from auth.review.sight import NO_RULE, Rulebook, Sight
from auth.rows import Rows
from domain.field import Audience
from domain.mask import MaskKind, mask_of


class UnknownField(Exception):
    """{name} is no field of the contract graph; {suggestion}"""  # noqa: D400 - as the suggestion ends


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one role says of the field in some records; without a rule where it says nothing."""

    role: str
    rows: Rows
    word: Word
    rule: Rule

    @property
    def inherited(self) -> str:
        """By whom the line came, such as `sales_manager inherits it from sales_rep`; empty for its own."""
        steps = [f"{heir} inherits it from {holder}" for holder, heir in pairwise(self.rule.chain)]
        return ", ".join(reversed(steps))


@dataclass(frozen=True, slots=True)
class Explanation:
    """A field as some roles see it: `parts` is what is decided, `spoken` what each role says of it.

    `forbids` are the rules that take it away from them; `mask` is how a value of its type is made coarse.
    """

    coordinate: str
    meaning: str
    audience: Audience
    roles: tuple[str, ...]
    parts: tuple[Part, ...]
    spoken: tuple[Spoken, ...]
    forbids: tuple[Rule, ...]
    mask: MaskKind | None


def explain(policy: Policy, roles: Iterable[str], coordinate: str) -> Explanation:
    """Explain how callers with these roles see a field. Raises UnknownField."""
    if coordinate not in policy.fields:
        suggestion = instead(coordinate, policy.fields)
        raise UnknownField((UnknownField.__doc__ or "").format(name=coordinate, suggestion=suggestion))
    sight, declared = Sight(policy, roles), declared_at(coordinate)
    audience = policy.fields[coordinate]
    return Explanation(
        coordinate=coordinate,
        meaning=declared.meaning,
        audience=audience,
        roles=sight.roles,
        parts=parts_of(sight, Rulebook(policy), coordinate),
        spoken=tuple(
            spoken for role in policy.known(sight.roles) for spoken in _spoken(role, coordinate, audience)
        ),
        forbids=tuple(each.rule for each in policy.forbids if each.concerns(sight.roles, coordinate)),
        mask=mask_of(declared),
    )


def _spoken(role: Role, coordinate: str, audience: Audience) -> list[Spoken]:
    said = role.says(coordinate, audience)
    return [Spoken(role.name, rows, *_word_and_rule(each)) for rows, each in said]


def _word_and_rule(said: Said | None) -> tuple[Word, Rule]:
    return (said.word, said.rule) if said else (Word.DENY, NO_RULE)
