"""What a contract system says of contracts: each judged by itself, what changed told to Salesforce."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import asyncpg

from api.claim_inputs import MOST_CONTRACTS, NAMED_BY
from api.mutations.claim_reading import Heard, Saying, heard
from api.mutations.command import Act, Asked, Made, wrong
from api.planner.results_sql import ABOUT
from auth.decision import Deny
from auth.view import View
from domain.claim import Claim
from domain.field import field_named
from domain.history import Decision
from domain.reconcile import Verdict
from storage.lanes import Message, Queue, enqueue
from sync.apply import AtNoVersion, FromTheFuture, NameOfAnother, apply_report
from sync.outbox import change_of

_NAME: Final = field_named("Contract", NAMED_BY)
_VERSION: Final = field_named("Contract", "version")
_LISTS: Final = {
    Decision.ACCEPTED: "accepted",
    Decision.REFUSED: "refused",
    Decision.CONFLICT: "conflicts",
}
_TAKEN: Final = "a value that only one contract can have, such as its number, is another contract's"
_TOO_LARGE: Final = "a value is larger than what can be stored: shorten it"


@dataclass(frozen=True, slots=True)
class ClaimContracts:
    """What is said of some contracts."""

    contracts: tuple[Saying, ...]

    @classmethod
    def read(cls, asked: Asked) -> Self:
        given = asked.given["contracts"]
        if not 1 <= len(given) <= MOST_CONTRACTS:
            raise wrong("contracts", f"from 1 to {MOST_CONTRACTS} contracts are expected, not {len(given)}")
        for place, each in enumerate(given):
            if (each.get("expectedVersion") or 0) < 0:
                raise wrong(f"contracts[{place}].expectedVersion", "a version is a whole number from 0")
        return cls(tuple(Saying.of(each) for each in given))

    async def run(self, act: Act) -> Made:
        told: dict[int, Mapping[str, Any]] = {}
        changed: list[Message] = []
        # In one order for everybody: two who speak of the same contracts never wait for each other in turn.
        for place, saying in sorted(enumerate(self.contracts), key=lambda each: each[1].external_reference):
            told[place], message = await _judged(act, saying)
            changed += [message] if message else []
        await enqueue(act.connection, act.principal.org_id, Queue.OUTBOX, changed, act.now)
        in_order = [told[place] for place in range(len(self.contracts))]
        ids = dict.fromkeys(each[ABOUT] for each in in_order if each[ABOUT])
        return Made([UUID(each) for each in ids], in_order)


class _NotJudged(Exception):
    """Nothing that is said of a contract can be judged."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def _judged(act: Act, saying: Saying) -> tuple[Mapping[str, Any], Message | None]:
    """Judge what is said of one contract; what cannot be leaves nothing, and the others as they are."""
    try:
        async with act.connection.transaction():
            return await _applied(act, saying)
    except _NotJudged as error:
        return _told(saying, error=error), None


async def _applied(act: Act, saying: Saying) -> tuple[Mapping[str, Any], Message | None]:
    _require_right(act.view, saying)
    try:
        what = heard(saying, act.principal.subject, act.now)
        applied = await apply_report(
            act.connection,
            act.principal.org_id,
            what.report,
            now=act.now,
            version=saying.expected_version,
        )
    except (ValueError, FromTheFuture) as error:
        raise _NotJudged("BAD_USER_INPUT", str(error)) from None
    except AtNoVersion as error:
        raise _NotJudged("NOT_FOUND", str(error)) from None
    except NameOfAnother as error:
        raise _NotJudged("NOT_UNIQUE", str(error)) from None
    except asyncpg.UniqueViolationError:
        raise _NotJudged("NOT_UNIQUE", _TAKEN) from None
    except (asyncpg.DataError, asyncpg.ProgramLimitExceededError):
        raise _NotJudged("BAD_USER_INPUT", _TOO_LARGE) from None
    verdicts = {**applied.outcome.repeated, **applied.verdicts}
    told = _told(saying, about=applied.contract.id, verdicts=_by_decision(what, verdicts.items()))
    return told, change_of(applied, act.request)


def _require_right(view: View, saying: Saying) -> None:
    """Refuse what the caller may not say, or would learn from. Raises _NotJudged."""
    for declared in dict.fromkeys((_NAME, *saying.spoken_of)):
        decision = view.claim(declared)
        if isinstance(decision, Deny):
            raise _NotJudged("ACCESS_DENIED", f"{decision.reason}: leave it out")
    if saying.expected_version is not None and not view.shows_everywhere(_VERSION.coordinate):
        hidden = view.cell(_VERSION.coordinate).hidden
        raise _NotJudged("ACCESS_DENIED", f"{hidden.reason}: leave expectedVersion out")


def _by_decision(
    what: Heard, verdicts: Iterable[tuple[Claim, Verdict]]
) -> dict[Decision, list[Mapping[str, Any]]]:
    told: dict[Decision, list[Mapping[str, Any]]] = {each: [] for each in _LISTS}
    for claim, verdict in sorted(verdicts, key=lambda each: each[0].order):
        part = None if claim.part is None else what.names[claim.part]
        told[verdict.decision].append(
            {"field": claim.field.graph_name, "part": part, "reason": verdict.reason}
        )
    return told


def _told(
    saying: Saying,
    *,
    about: UUID | None = None,
    verdicts: Mapping[Decision, list[Mapping[str, Any]]] | None = None,
    error: _NotJudged | None = None,
) -> Mapping[str, Any]:
    lists = {name: (verdicts or {}).get(decision, []) for decision, name in _LISTS.items()}
    return {
        ABOUT: None if about is None else str(about),
        "externalReference": saying.external_reference,
        **lists,
        "error": None if error is None else {"code": error.code, "message": str(error)},
    }
