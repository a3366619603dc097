"""What a server issues tokens with: its names, its keys, and what talks to the providers of its orgs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from auth.crypto import Place, Sealer
from auth.keys import KeyRing
from auth.oauth.metadata import CALLBACK_PATH, TOKEN_PATH
from auth.oauth.provider import ProviderClient
from auth.tokens import TokenVerifier
from storage.sign_ins import SignInProvider


@dataclass(frozen=True, slots=True)
class Issuing:
    """Who issues tokens, for whom, with which keys, and how they are known again."""

    keys: KeyRing
    verifier: TokenVerifier
    issuer: str
    audience: str
    resource: str
    sealer: Sealer

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return self.issuer + TOKEN_PATH

    def provider(self, org_id: UUID, found: SignInProvider) -> ProviderClient:
        """Return what talks to an org's provider. Raises a KeyEncryptionError; asks a key service."""
        secret = found.client_secret and self.sealer.open(found.client_secret, secret_place(org_id)).decode()
        return ProviderClient(found, self.issuer + CALLBACK_PATH, secret)


def secret_place(org_id: UUID) -> Place:
    """Return where our secret at an org's provider is stored."""
    return Place(org=str(org_id), table="sign_in_provider", row=str(org_id), column="client_secret")
