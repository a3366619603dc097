"""A Salesforce org as our token endpoint meets it: a certificate, and assertions signed with its key."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from api.trusted import trusted_documents

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USER = "005xx000001X8UzAAK"
_KINDS = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}

PANEL = {
    "documentId": next(id_ for id_, each in trusted_documents().items() if each.name == "panel"),
    "variables": {"record": "006Hs00000AAAAAIA5"},
}
"""What the panel asks: users whom an org vouches for send no document of their own."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def certificate(key: PrivateKey, *, days: tuple[int, int] = (-1, 365)) -> str:
    """A self-signed certificate in PEM, as Salesforce exports one."""
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contract_graph")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def claims(issuer: str, audience: str, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": issuer, "sub": USER, "aud": audience, "iat": now, "nbf": now, "exp": now + 120,
        "jti": str(uuid4()),
    }  # fmt: skip
    return {name: value for name, value in (whole | changes).items() if value is not None}


def assertion(
    key: PrivateKey, body: dict[str, Any], algorithm: str = "RS256", header: dict[str, Any] | None = None
) -> str:
    """Sign an assertion; the header may hold anything."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = _KINDS[algorithm[:2]].import_key(pem)
    head = {"alg": algorithm, "typ": "JWT", "kid": "contract_graph", **(header or {})}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jwt.encode(head, body, signer, algorithms=[algorithm], registry=registry)
