from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.api.command_line import run
from tests.api.running_demo import RunningDemo, demo, new_home
from tests.api.salesforce_org import PrivateKey, certificate, rsa_key
from tests.api.test_landing import Reader

HERE = Path(__file__).parent
ORG = "Northlight Systems"


@dataclass(frozen=True)
class Shelf:
    """A running demo, and a client of each kind registered with it by the command line."""

    running: RunningDemo
    id: str
    secret: str
    signer: str
    key: str
    trust: str
    certified: str
    browser: str
    user: str

    @property
    def back(self) -> str:
        return f"{self.running.origin}/graphiql"

    def order(self) -> str:
        """All that a client has to know, as JSON."""
        told = {
            name: getattr(self, name)
            for name in ("id", "secret", "signer", "key", "trust", "certified", "browser", "user", "back")
        }
        return json.dumps(told | {"issuer": self.running.origin})


def pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("shelf")
    with new_home() as home, demo(home, unlimited=True) as running:
        given = {"CONTRACT_GRAPH_HOME": str(home), "CONTRACT_GRAPH_PORT": str(running.port)}

        def command(*words: str) -> list[str]:
            done = run(*words, "--org", ORG, "--name", "stock", given=given)
            assert done.returncode == 0, done.stderr
            return done.stdout.split()

        def file(name: str, content: str) -> str:
            (folder / name).write_text(content)
            return str(folder / name)

        signing, certified = ec.generate_private_key(ec.SECP256R1()), rsa_key()
        public = signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        program = command("clients", "add", "--role", "integrator")
        signer = command("clients", "add", "--role", "integrator", "--public-key", file("public.pem", public))
        trust = command(
            "clients", "trust", "--certificate", file("cert.pem", certificate(certified)),
            "--scope", "graph:read", "--scope", "graph:documents",
        )  # fmt: skip
        page = Reader(httpx.get(f"{running.origin}/graphiql").text)
        person = json.loads(page.text["demo"])["people"][0]
        yield Shelf(
            running,
            id=program[1],
            secret=program[3],
            signer=signer[1],
            key=pem(signing),
            trust=trust[1],
            certified=pem(certified),
            browser=person["client"],
            user=person["user"],
        )


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the locked clients installed beside the scripts."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not here: the tests of Node's clients need them")
    done = subprocess.run(
        [npm, "ci", "--no-progress"], cwd=HERE, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return node
