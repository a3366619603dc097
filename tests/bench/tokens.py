"""What tokens cost: how many a worker issues a second, and how long one takes to verify.

`python -m tests.bench.tokens`: one worker of `contract-graph serve` over an embedded database, requests over
16 connections from one process on the same machine; medians of the rounds. Verification is timed in this
process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from auth.oauth.client import client_id_of, new_client, new_trust
from auth.principal import Principal
from auth.scopes import UNSAID
from auth.tokens import TokenVerifier, issue
from domain.identity import uuid7
from domain.org import Org
from domain.role_grant import HolderKind, RoleGrant
from storage import migrate
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.oauth_clients import add_client
from storage.orgs import save_org
from storage.role_grants import add_grant
from storage.tenancy import bind_org
from tests.api.salesforce_org import JWT_BEARER, USER, certificate, claims, rsa_key
from tests.bench.dialects import OURS
from tests.bench.load import write_requests
from tests.bench.measure import Figures, Load, press
from tests.bench.servers import Server, free_port
from tests.keys import new_keys

ORG = Org(id=UUID(int=1), name="Bench")
CONNECTIONS = 16
ASSERTIONS = 3000
"""As many as are redeemed in a few seconds: each is good once."""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    given = parser.parse_args()
    verification()
    for name, rounds in issued(given.rounds, given.seconds).items():
        p50, p99 = (statistics.median(getattr(each, name) or 0 for each in rounds) for name in ("p50", "p99"))
        rate = statistics.median(each.requests_per_second for each in rounds)
        print(
            f"{name}: {rate:.0f} tokens/s over {CONNECTIONS} connections, p50 {p50:.1f} ms, p99 {p99:.1f} ms",
            flush=True,
        )


def issued(rounds: int, seconds: float) -> Mapping[str, Sequence[Figures]]:
    """Have tokens issued in rounds, and return the figures of each by the grant."""
    with tempfile.TemporaryDirectory(prefix="contract-graph-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        cluster = Cluster(home)  # durable, as it is delivered
        cluster.start()
        try:
            asyncio.run(migrate.upgrade(cluster.dsn(OWNER)))
            client, trust = asyncio.run(_prepare(cluster))
            with _serve(cluster, home) as server:
                postmaster = cluster.status().pid or 0

                def pressed(requests: list[bytes], seed: int, *, once: bool = False) -> Figures:
                    write_requests(home / "requests", requests)
                    load = Load(
                        files={server.name: home / "requests"}, connections=CONNECTIONS, seconds=seconds,
                        seed=seed, once=once,
                    )  # fmt: skip
                    return press(server, postmaster, load)

                return {
                    "client credentials": [pressed([client], seed) for seed in range(rounds)],
                    "JWT bearer": [
                        pressed(_assertions(trust, server.port), seed, once=True) for seed in range(rounds)
                    ],
                }
        finally:
            cluster.stop("immediate")


def verification() -> None:
    """Time a token that is remembered, and one that is not."""
    keys, now = new_keys(), time.time()
    principal = Principal(ORG.id, USER, "bench", frozenset({"sales_rep"}), frozenset(UNSAID))
    token = issue(
        keys, issuer="i", audience="a", principal=principal, lifetime=timedelta(minutes=10), now=now
    )
    header, verifier = f"Bearer {token}".encode(), TokenVerifier(keys, "i", "a")
    remembered = min(timeit.repeat(lambda: verifier.read(header), number=20_000, repeat=5)) / 20_000
    anew = min(timeit.repeat(lambda: TokenVerifier(keys, "i", "a").read(header), number=500, repeat=5)) / 500
    print(
        f"a remembered token is verified in {remembered * 1e6:.2f} us, one that is not in {anew * 1e6:.0f} us"
    )


async def _prepare(cluster: Cluster) -> tuple[bytes, Any]:
    now = datetime.now(UTC)
    client, secret = new_client(ORG.id, "bench", frozenset({"integrator"}), now)
    key = rsa_key()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    trust = new_trust(ORG.id, "bench", [certificate(key)], ("RS256",), now)
    owner = await connect(cluster.dsn(OWNER))
    await save_org(owner, ORG)
    async with owner.transaction():
        await bind_org(owner, ORG.id)
        await add_client(owner, client)
        await add_client(owner, trust)
        await owner.execute(
            'INSERT INTO "user" (org_id, id, salesforce_id, name, active) VALUES ($1, $2, $3, $4, true)',
            ORG.id, uuid7(), USER, "Bench",
        )  # fmt: skip
        grant = RoleGrant(
            id=uuid7(), role="sales_rep", holder_kind=HolderKind.USER, holder_id=USER, granted_by="bench",
            granted_at=now, reason="bench",
        )  # fmt: skip
        await add_grant(owner, ORG.id, grant)
    await owner.close()
    basic = b64encode(f"{client_id_of(client)}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    return _request(form, f"Authorization: Basic {basic}\r\n"), (client_id_of(trust), RSAKey.import_key(pem))


def _assertions(trust: Any, port: int) -> list[bytes]:
    issuer, key = trust
    audience = f"http://127.0.0.1:{port}/oauth/token"
    header = {"alg": "RS256", "typ": "JWT"}
    return [
        _request(
            {
                "grant_type": JWT_BEARER,
                "assertion": jwt.encode(header, claims(issuer, audience), key, algorithms=["RS256"]),
            }
        )
        for _ in range(ASSERTIONS)
    ]


def _request(form: dict[str, str], headers: str = "") -> bytes:
    body = urlencode(form)
    return (
        "POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@contextmanager
def _serve(cluster: Cluster, home: Path) -> Iterator[Server]:
    port = free_port()
    env = os.environ | {
        "CONTRACT_GRAPH_HOME": str(home), "CONTRACT_GRAPH_PORT": str(port),
        "CONTRACT_GRAPH_TOKEN_RATE": "1000000", "DATABASE_URL": cluster.dsn(READ_WRITE),
        "CONTRACT_GRAPH_TOKEN_FAILURES": "1000000",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "api.cli", "serve"], env=env, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        time.sleep(1)
        yield Server(
            name="ours", dialect=OURS, port=port, process=process.pid, running=lambda: process.poll() is None
        )
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
