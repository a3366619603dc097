"""The audit log of the caller's org, as a reviewer reads it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.audit_head import SealKey
from auth.audit_proof import prove
from auth.audit_seal import seal
from storage.tenancy import bind_org
from tests.api.audited import Log
from tests.api.command_line import ROOT
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import Office

EVENTS = """query($first: Int, $after: String, $subject: String, $record: ID, $since: DateTime,
    $until: DateTime) { review { auditEvents(first: $first, after: $after, subject: $subject, record: $record,
        since: $since, until: $until) { hasNextPage endCursor nodes { id at kind subject client roles decision
            operation { name sha256 } policy request latencyUs records { count ids sha256 }
            refusal { code field rule }
            access { shown used masked { field rule } denied { field rule } } } } } }"""
PROOF = "query($id: ID!) { review { auditProof(id: $id) } }"
ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CONTRACT = 'query One { contract(number: "K-1") { id title governingLaw } }'


@pytest.fixture
def log(office: Office, loop: asyncio.Runner) -> Log:
    """What was read here and in another org: a contract, a refusal, and a contract there."""
    office.data(CONTRACT, token=office.token("sales_manager", subject="reader"))
    office.refused('{ contracts(filter: {governingLaw: {eq: "x"}}) { totalCount } }',
                   token=office.token("sales_rep", subject="seller"))  # fmt: skip
    office.data(CONTRACT, token=office.token("sales_manager", subject="reader", org=THEIRS.org.id))
    return Log(office.superuser_url, loop)


def events(office: Office, **given: Any) -> Any:
    reviewer = office.token("security_reviewer", subject="reviewer")
    return office.data(EVENTS, given, reviewer)["review"]["auditEvents"]


def test_an_event_is_told_with_all_that_the_log_has_of_it(office: Office, log: Log) -> None:
    [found] = events(office, subject="reader")["nodes"]
    [stored] = [each for each in log.events() if each["id"] == found["id"]]
    access = log.access(stored)
    stored["latencyUs"] = stored.pop("latency_us")
    del stored["v"], stored["org"]
    stored["records"].setdefault("sha256", None)
    assert found == stored | {"access": access}
    assert str(OURS.id("Contract", 1)) in found["records"]["ids"]
    assert found["access"]["denied"] == [{"field": "Contract.governingLaw", "rule": "sales_rep.LEGAL = deny"}]


def test_an_access_from_before_its_uses_were_logged_is_told_without_any(office: Office, log: Log) -> None:
    log.rows("UPDATE audit_access SET body = (body::jsonb - 'used')::text")
    [found] = events(office, subject="reader")["nodes"]
    assert found["access"]["used"] == []
    assert found["access"]["shown"] == ["Contract.id", "Contract.title"]


def test_the_latest_event_comes_first_and_pages_follow_each_other(office: Office, log: Log) -> None:
    assert len(log.events()) == 3
    whole = [each["subject"] for each in events(office)["nodes"]]
    assert whole == ["seller", "reader"]
    until = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    told, after = [], None
    while True:
        page = events(office, first=1, after=after, until=until)
        told += [each["subject"] for each in page["nodes"]]
        if not page["hasNextPage"]:
            break
        after = page["endCursor"]
    assert told == ["reviewer", "seller", "reader"]


def test_events_are_found_by_subject_record_and_moment(office: Office, log: Log) -> None:
    def subjects(**given: Any) -> list[str]:
        return [each["subject"] for each in events(office, **given)["nodes"]]

    assert log.events()
    assert subjects(subject="seller") == ["seller"]
    assert subjects(subject="nobody") == []
    assert subjects(record=str(OURS.id("Contract", 1))) == ["reader"]
    assert subjects(record=str(OURS.id("Contract", 2))) == []
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    earlier = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert subjects(since=later) == []
    assert subjects(until=earlier) == []
    assert subjects(since=earlier, until=later, subject="reader") == ["reader"]


def test_a_refusal_is_told_with_its_rule(office: Office, log: Log) -> None:
    assert log.events()
    [found] = events(office, subject="seller")["nodes"]
    assert (found["decision"], found["refusal"]["field"]) == ("refused", "Contract.governingLaw")
    assert found["refusal"]["code"] == "ACCESS_DENIED"


def test_nothing_of_another_org_is_found(office: Office, log: Log) -> None:
    [theirs] = [each for each in log.events() if each["org"] == str(THEIRS.org.id)]
    found = events(office, first=100)["nodes"]
    assert theirs["id"] not in {each["id"] for each in found}
    assert events(office, record=str(THEIRS.id("Contract", 1)))["nodes"] == []
    for given in ({"after": theirs["id"]}, {"subject": "reader", "since": "2020-01-01T00:00:00Z"}):
        assert theirs["id"] not in json.dumps(events(office, **given)["nodes"])


def test_a_review_is_on_record_like_any_other_read(office: Office, log: Log) -> None:
    events(office, subject="reader")
    last = log.events()[-1]
    assert (last["subject"], last["kind"], last["decision"]) == ("reviewer", "read", "allowed")
    assert last["records"] == {"count": 0, "ids": []}
    office.ask("{ review { policy { digest } } }", token=office.token("legal", subject="curious"))
    last = log.events()[-1]
    assert last["subject"] == "curious"
    assert log.access(last)["denied"] == [{"field": "RoleGrant.id", "rule": "legal.ACCESS = deny"}]


# Proofs


def sealed(office: Office) -> SealKey:
    key = SealKey(Ed25519PrivateKey.generate())

    async def run() -> None:
        connection = await asyncpg.connect(office.superuser_url)
        for org in (OURS.org.id, THEIRS.org.id):
            async with connection.transaction():
                await bind_org(connection, org)
                await seal(connection, org, key, datetime.now(UTC) + timedelta(minutes=1), late=None)
        await connection.close()

    office.graph.run(run())
    return key


def proof(office: Office, event: str) -> str:
    found = office.data(PROOF, {"id": event}, office.token("security_reviewer"))
    return str(found["review"]["auditProof"])


def test_a_proof_is_the_one_that_the_command_prints(office: Office, log: Log, tmp_path: Path) -> None:
    event = log.events()[0]["id"]
    key = sealed(office)
    found = proof(office, event)

    async def printed() -> bytes:
        connection = await asyncpg.connect(office.superuser_url)
        try:
            return await prove(connection, OURS.org.id, UUID(event))
        finally:
            await connection.close()

    assert found.encode() == office.graph.run(printed())
    (tmp_path / "proof").write_text(found)
    (tmp_path / "key.pem").write_text(key.public_pem())
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "check-audit-proof.py", tmp_path / "proof", tmp_path / "key.pem"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_sealed_or_of_another_org_or_nowhere_is_refused_alike(office: Office, log: Log) -> None:
    sealed(office)
    [theirs] = [each["id"] for each in log.events() if each["org"] == str(THEIRS.org.id)]
    events(office)
    unsealed = log.events()[-1]["id"]
    nowhere = "0190163d-8694-739b-aea5-966c26f8ad90"
    token = office.token("security_reviewer")
    told = {
        re.sub(ID, "ID", office.refused(PROOF, {"id": each}, token)["message"])
        for each in (theirs, unsealed, nowhere)
    }
    assert told == {"Event ID is in no tree: it is not sealed yet, or never was there"}
