"""A key of AWS KMS that encrypts other keys; KMS never gives it out.

We speak KMS's JSON API ourselves: boto3 wants an older python-dateutil than Strawberry takes.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests
from requests_aws4auth import AWS4Auth

from auth.key_encryption import KeyServiceFailed, NotDecrypted, UnknownKeyEncryption

PATIENCE = 5.0  # seconds to connect, and seconds for each answer
_NOT_OPENED = ("InvalidCiphertextException", "IncorrectKeyException")
_CODE = re.compile(r"[A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccess:
    """Who asks KMS, and where: an endpoint is https, or http of this machine (auth/address.py)."""

    region: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    endpoint: str | None = None

    @property
    def url(self) -> str:
        """The endpoint, or that of the region."""
        return self.endpoint or f"https://kms.{self.region}.amazonaws.com/"


class AwsKms:
    """One key of AWS KMS, by id or ARN. Its kid is the same for every key: KMS tells them apart."""

    kid = "aws-kms"

    def __init__(self, key_id: str, access: AwsAccess) -> None:
        self._key_id = key_id
        self._access = access

    def wrap(self, data_key: bytes, context: Mapping[str, str]) -> bytes:
        """Encrypt a data key. Raises KeyServiceFailed."""
        return self._ask("Encrypt", "Plaintext", data_key, context, "CiphertextBlob")

    def unwrap(self, wrapped: bytes, kid: str, context: Mapping[str, str]) -> bytes:
        if kid != self.kid:
            raise UnknownKeyEncryption(kid=kid)
        return self._ask("Decrypt", "CiphertextBlob", wrapped, context, "Plaintext")

    def _ask(self, action: str, name: str, content: bytes, context: Mapping[str, str], wanted: str) -> bytes:
        status, answer = self._post(
            action,
            {
                "KeyId": self._key_id,
                name: b64encode(content).decode(),
                # KMS does not promise to take an empty value; a name left out says the same.
                "EncryptionContext": {key: value for key, value in context.items() if value},
            },
        )
        if status == requests.codes.ok:
            try:
                return b64decode(answer[wanted], validate=True)
            except (KeyError, TypeError, ValueError) as error:
                raise KeyServiceFailed(reason="an answer of an unknown form") from error
        code = _code(answer) or f"HTTP {status}"
        raise NotDecrypted(kid=self.kid) if code in _NOT_OPENED else KeyServiceFailed(reason=code)

    def _post(self, action: str, question: Mapping[str, object]) -> tuple[int, dict[str, str]]:
        access = self._access
        try:
            # Each call has its own: neither a session nor a signer may be shared by threads.
            with requests.Session() as session:
                # What goes over http stays on this machine: no proxy of the environment may have it.
                session.trust_env = access.url.startswith("https:")
                response = session.post(
                    access.url,
                    data=json.dumps(question).encode(),
                    headers={
                        "Content-Type": "application/x-amz-json-1.1",
                        "X-Amz-Target": f"TrentService.{action}",
                    },
                    auth=AWS4Auth(
                        access.access_key_id, access.secret_access_key, access.region, "kms",
                        session_token=access.session_token,
                    ),
                    timeout=PATIENCE,
                    allow_redirects=False,
                )  # fmt: skip
        except (requests.RequestException, ValueError) as error:
            # The name of what failed says enough; its text may quote what was sent.
            raise KeyServiceFailed(reason=type(error).__name__) from None
        return response.status_code, _read(response)


def _read(response: requests.Response) -> dict[str, str]:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _code(answer: Mapping[str, object]) -> str | None:
    """Return the code of an error, which comes alone or behind a namespace and #, and nothing longer."""
    kind = answer.get("__type")
    code = kind.rpartition("#")[2] if isinstance(kind, str) else ""
    return code if _CODE.fullmatch(code) else None
