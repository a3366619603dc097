"""Where changes are listened to, and made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from tests.api.graph import OURS
from tests.api.live.subscriber import subscribed
from tests.api.mutations.office import READER, Office

CLAIM = """mutation($input: ClaimContractsInput!) { claimContracts(input: $input) {
    results { error { code } refused { reason } } } }"""
_keys = count(1)


class Hall:
    """The application, its subscribers, and a contract system whose claims change what they listen to."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.application = office.graph.application

    def run(self, test: Callable[[], Awaitable[None]]) -> None:
        self.office.graph.run(test())

    def listens(self, role: str = "legal", **more: Any) -> Any:
        subject, org = more.pop("subject", "someone"), more.pop("org", OURS)
        token = more.pop("token", None) or self.token(role, subject=subject, org=org)
        return subscribed(self.application, token, **more)

    def token(self, *roles: str, **more: Any) -> str:
        org, subject = more.get("org", OURS), more.get("subject", "someone")
        return self.office.token(*roles, org=org.org.id, subject=subject, scopes=READER)

    def reference(self) -> str:
        """Return the name of a contract that is not known yet."""
        return f"AGR-{next(_keys)}"

    async def changes(self, *names: str, reference: str = "clm-1") -> None:
        """Have the contract system give fields values that they never had."""
        number = next(_keys)
        anew = dict.fromkeys(names, f"Word {number}") | {
            name: {"amount": str(number), "currency": "EUR"} for name in names if name == "totalValue"
        }
        await self.claims(reference, **anew)

    async def claims(self, reference: str, **fields: Any) -> None:
        """Have the contract system say something that is accepted."""
        number = next(_keys)
        said = {"externalReference": reference, "event": f"e-{number}", "fields": fields}
        given = {"input": {"idempotencyKey": f"k-{number}", "contracts": [said]}}
        answer = await self.office.asking(CLAIM, given, self.office.token("integrator", subject="clm"))
        assert answer.json()["data"]["claimContracts"]["results"] == [{"error": None, "refused": []}]
