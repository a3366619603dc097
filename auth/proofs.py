"""DPoP proofs that were used up: each is good for one request, whichever worker it comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from auth.digest import digest_id
from auth.dpop import OLDEST, Proof, ProofsSeen
from auth.token_refused import InvalidProof
from storage.database import Database
from storage.redeemed_assertions import redeem


class Proofs:
    """Uses proofs up: what this worker saw it refuses itself, and of the others' the database tells."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen = ProofsSeen()

    async def take(self, org_id: UUID, proof: Proof, now: float) -> None:
        """Use a proof up. Raises InvalidProof for one that was used, and as Database does."""
        self._seen.take(proof, now)
        known = digest_id(f"dpop at the API|{proof.jkt}|{proof.jti}")
        moment = datetime.fromtimestamp(now, UTC)
        until = datetime.fromtimestamp(proof.issued_at + OLDEST, UTC)
        async with self._database.transaction(org_id) as connection:
            first = await redeem(connection, org_id, known, most_uses=1, expires_at=until, now=moment)
        if not first:
            raise InvalidProof
