"""The planner and the reference side by side over the same rows."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from uuid import uuid4

import asyncpg
from graphql import parse

from api.graphql import Endpoint
from auth.policy import Policy
from auth.policy_file import load_policy
from auth.principal import Principal
from auth.vault import Vault
from auth.view import View, Views, view_for
from domain.field import DeclaredField, Entity, Kind, fields_of
from domain.graph import save_order
from storage.database import Database
from storage.records import layout_of, to_row
from storage.sealing import seals_for
from storage.tables import table_name
from tests.api.graph import GENEROUS
from tests.keys import new_vault
from tests.reference.caller import Caller
from tests.reference.canaries import CANARY, World, world
from tests.reference.executor import Answer, answer
from tests.reference.generator import operation
from tests.reference.policy import Evaluator
from tests.reference.rows import Rows
from tests.reference.seen import Seen
from tests.reference.shrink import shrink

TODAY = date(2026, 11, 21)
CURSOR = re.compile(r"[A-Za-z0-9_-]{20,}")


@dataclass(frozen=True)
class Person:
    """A caller as the endpoint and as the reference know one."""

    principal: Principal
    caller: Caller
    view: View
    seen: Seen


@dataclass
class Comparison:
    """The planner and the reference over the same rows."""

    endpoint: Endpoint
    world: World
    policy: Policy
    log: list[str]
    reported: int = 5
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    async def of(self, text: str, variables: dict[str, Any], person: Person) -> tuple[str, str]:
        """Return how the operation came out, and what differs, if anything does."""
        self.log.clear()
        body = json.dumps({"query": text, "variables": variables}).encode()
        got = await self.endpoint.answer(person.principal, body)
        wanted = answer(person.seen, person.caller, parse(text), variables)
        response = got.body.decode()
        said = json.loads(response)
        outcome = "answered" if got.status == 200 else f"refused {_code(said)}"
        if got.status != 200:
            # A refusal may say which value it is about; the caller gave it.
            for token in CANARY.findall(body.decode()):
                response = response.replace(token, "what was given")
        return outcome, difference(got.status, said, wanted) or self.leak(response, person)

    @cached_property
    def homes(self) -> dict[str, list[tuple[Entity, DeclaredField]]]:
        """The records and fields of which each canary is a value."""
        found: defaultdict[str, list[tuple[Entity, DeclaredField]]] = defaultdict(list)
        for record in self.world.ours.by_id.values():
            for declared in fields_of(type(record)):
                if declared.kind is not Kind.LIST and not declared.field.rule:
                    for token in CANARY.findall(str(getattr(record, declared.name))):
                        found[token].append((record, declared))
        return found

    def leak(self, response: str, person: Person) -> str:
        """Name a value in the response or the log that the caller may not see."""
        told = "\n".join([response, *self.log, *_decoded(response)])
        for token in CANARY.findall(told):
            hidden = [each for each in self.world.canaries.get(token, ()) if not person.view.shows(each)]
            homes = self.homes.get(token, ())
            away = [
                f"{declared.coordinate} of {record.id}"
                for record, declared in homes
                if not person.seen.is_there(record) or person.seen.word(record, declared) != "show"
            ]
            # Two lines of a history may name the same: what one that is shown says is told rightly.
            hidden += away if len(away) == len(homes) else []
            if hidden:
                return f"leak of {hidden}: {token}"
            if token in self.world.foreign or token == self.world.theirs.org.name:
                return f"leak of another org: {token}"
        return ""

    async def fails(self, text: str, variables: dict[str, Any], *, person: Person, kind: str) -> bool:
        """Whether an operation still differs in the same way."""
        return (await self.of(text, variables, person))[1].startswith(kind)

    def person(self, *roles: str, subject: str = "someone") -> Person:
        readable = self.world.readable.get(subject, frozenset())
        return person_of(self.policy, frozenset(roles), self.world.ours, subject, readable)

    @property
    def owner(self) -> str:
        """The Salesforce id of a user who owns some records, and not all."""
        users: list[Any] = self.world.ours.by_entity["User"]
        return next(user.salesforce_id for user in users if user.salesforce_id)

    async def run(self, seed: int, persons: list[Person]) -> None:
        """Compare the operation of a seed for each person, and for some with other variables."""
        made = operation(seed, self.world.ours, self.world.theirs)
        again = [persons[(seed + step) % len(persons)] for step in (0, 3)] if made.variables else []
        cases = [(person, made.variables) for person in persons]
        for person, variables in [*cases, *((person, made.other_variables) for person in again)]:
            outcome, differs = await self.of(made.text, variables, person)
            self.outcomes[outcome] += 1
            if differs:
                self.outcomes["DIFFERENT"] += 1
                await self.report(seed, made.text, variables, person, differs)
                return

    async def report(
        self, seed: int, text: str, variables: dict[str, Any], person: Person, differs: str
    ) -> None:
        """Keep a smaller operation that differs in the same way."""
        if len(self.failures) < self.reported:
            kind = re.split(r"[\[{(]| at ", differs)[0]
            text, variables = await shrink(text, variables, partial(self.fails, person=person, kind=kind))
            _, smaller = await self.of(text, variables, person)
            roles = ", ".join(sorted(person.principal.roles))
            shown = json.dumps(variables, ensure_ascii=False)
            self.failures.append(f"seed {seed}, {roles}:\n{text}\nvariables {shown}\n{smaller}")


def difference(status: int, said: dict[str, Any], wanted: Answer) -> str:
    """Say how a response differs from what the reference wants."""
    if wanted.refused:
        expected = {(refusal.status, refusal.code) for refusal in wanted.refused}
        if (status, _code(said)) not in expected or "data" in said:
            reasons = [f"{refusal.code} {refusal}" for refusal in wanted.refused]
            return f"refusal: {status} {_short(said)} instead of {reasons}"
        return ""
    if status != 200:
        return f"refusal: {status} {_short(said)} instead of data {wanted.data[:300]}"
    data = json.dumps(said["data"], ensure_ascii=False)
    if data != wanted.data:
        at = next((i for i, (a, b) in enumerate(zip(data, wanted.data, strict=False)) if a != b), 0)
        begin = max(at - 120, 0)
        ours, theirs = data[begin : at + 160], wanted.data[begin : at + 160]
        return f"data at {at}:\n  planner   {ours}\n  reference {theirs}"
    for noted in ("denied", "masked"):
        found = tuple((each["path"], each["field"]) for each in said["extensions"]["access"][noted])
        if found != getattr(wanted, noted):
            return f"{noted}: {found} instead of {getattr(wanted, noted)}"
    return ""


def _short(said: dict[str, Any]) -> str:
    return json.dumps(said.get("errors", said), ensure_ascii=False)[:400]


def _code(said: dict[str, Any]) -> str:
    return str(said["errors"][0].get("extensions", {}).get("code")) if "errors" in said else ""


def _decoded(response: str) -> list[str]:
    """Return what stands in cursors."""
    found = []
    for word in CURSOR.findall(response):
        try:
            found.append(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found


class _Listening(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self.heard = heard
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@asynccontextmanager
async def opened(
    database_url: str, superuser_url: str, seed: int = 1, policy: Policy | None = None
) -> AsyncIterator[Comparison]:
    """Store the rows of a random world, and open the API over them."""
    made = world(seed, TODAY)
    vault = new_vault()
    for rows in (made.ours, made.theirs):
        await store(superuser_url, rows, vault)
    await store_sharing(superuser_url, made)
    policy = policy or load_policy()
    database = await Database.open(database_url)
    heard: list[str] = []
    listening = _Listening(heard)
    logging.getLogger().addHandler(listening)
    try:
        yield Comparison(
            Endpoint(database, Views(policy), lambda: TODAY, vault, limits=GENEROUS), made, policy, heard
        )
    finally:
        logging.getLogger().removeHandler(listening)
        await database.close()


def person_of(
    policy: Policy,
    roles: frozenset[str],
    rows: Rows,
    subject: str,
    readable: frozenset[str] = frozenset(),
) -> Person:
    view = view_for(policy, roles)
    scopes = frozenset({"graph:read", "graph:documents", "another"})
    principal = Principal(rows.org.id, subject, None, roles, scopes)
    evaluator = Evaluator(tomllib.loads(policy.text), sorted(roles))
    told = {c: "; ".join(map(str, view.guard(c))) or None for c in view.cells}
    decisions = {c: view.told(c) for c in view.cells}
    caller = Caller(subject=subject, roles=tuple(sorted(roles)), scopes=tuple(sorted(scopes)), rows=told,
                    policy=policy.digest, evaluator=evaluator, decisions=decisions,
                    commands=tuple(view.allowed))  # fmt: skip
    return Person(principal, caller, view, Seen(rows, evaluator, subject, readable))


async def store(superuser_url: str, rows: Rows, vault: Vault) -> None:
    """Copy the rows as they are: a save would set the moments of change."""
    connection = await asyncpg.connect(superuser_url)
    try:
        org = rows.org
        values = (org.id, org.name, org.salesforce_org_id)
        await connection.execute("INSERT INTO org VALUES ($1, $2, $3)", *values)
        async with connection.transaction():
            seals = await seals_for(vault, connection, org.id, save_order())
            for entity in save_order():
                records = [
                    to_row(record, org.id, TODAY, seals=seals) for record in rows.by_entity[entity.__name__]
                ]
                await connection.copy_records_to_table(
                    table_name(entity.__name__), records=records, columns=layout_of(entity).columns
                )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def store_sharing(superuser_url: str, made: World) -> None:
    """Store what Salesforce said of ours: what may be read as of now, and all else as no longer or refused.

    The other org's Salesforce lets everybody read everything.
    """
    now = datetime.now(UTC)
    lasting, long_ago = now + timedelta(days=1), now - timedelta(hours=1)
    unread = [(True, long_ago), (False, lasting), (None, lasting)]
    read = (True, lasting)
    said = [
        (org, uuid4(), user, record, *(read if is_read else unread[place % len(unread)]))
        for user, may in made.readable.items()
        for place, record in enumerate(made.salesforce_ids("Account", "Opportunity"))
        for org, is_read in ((made.ours.org.id, record in may), (made.theirs.org.id, True))
    ]
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.copy_records_to_table(
            "salesforce_access", records=said,
            columns=("org_id", "id", "user_id", "record_id", "may_read", "asked_at"),
        )  # fmt: skip
    finally:
        await connection.close()
