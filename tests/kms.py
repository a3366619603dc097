"""AWS KMS as moto plays it, in a process and an environment of its own; it checks who signed each request."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests_aws4auth import AWS4Auth

from auth.aws_kms import AwsAccess

ROOT = Path(__file__).resolve().parents[1]
REGION = "eu-central-1"
_MAY = {"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}], "Version": "2012-10-17"}


@dataclass(frozen=True, slots=True)
class Kms:
    """A started service, someone who may ask it, and two keys in it."""

    access: AwsAccess
    arn: str
    other: str

    @property
    def environment(self) -> dict[str, str]:
        """What an operator would set."""
        return {
            "CONTRACT_GRAPH_KMS_KEY": self.arn,
            "AWS_ENDPOINT_URL_KMS": self.access.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.access.secret_access_key,
        }


@contextmanager
def started(folder: Path) -> Iterator[Kms]:
    """Start moto on a free port, make a user and keys, and let it check signatures from then on."""
    subprocess.run([ROOT / "scripts" / "moto"], check=True)
    log = folder / "moto.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [ROOT / ".venv-moto" / "bin" / "python", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _furnished(_address(server, log))
    finally:
        server.kill()
        server.wait()


def ask(access: AwsAccess, action: str, question: dict[str, Any]) -> dict[str, Any]:
    """Call KMS without any of our own code."""
    response = requests.post(
        access.url,
        data=json.dumps(question),
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"TrentService.{action}"},
        auth=AWS4Auth(access.access_key_id, access.secret_access_key, REGION, "kms"),
        timeout=10,
    )
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        if told := re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text()):
            return told[1]
        time.sleep(0.05)
    raise AssertionError(f"moto did not start: {log.read_text()}")


def _furnished(url: str) -> Kms:
    def iam(**form: str) -> str:
        auth = AWS4Auth("anyone", "nothing", "us-east-1", "iam")
        response = requests.post(url, data={"UserName": "graph", **form}, auth=auth, timeout=10)
        response.raise_for_status()
        return response.text

    iam(Action="CreateUser")
    iam(Action="PutUserPolicy", PolicyName="kms", PolicyDocument=json.dumps(_MAY))
    made = iam(Action="CreateAccessKey")
    key_id, secret = (
        re.findall(rf"<{name}>(.+)</{name}>", made)[0] for name in ("AccessKeyId", "SecretAccessKey")
    )
    access = AwsAccess(region=REGION, access_key_id=key_id, secret_access_key=secret, endpoint=url)
    arn, other = (ask(access, "CreateKey", {})["KeyMetadata"]["Arn"] for _ in range(2))
    requests.post(url + "/moto-api/reset-auth", data="0", timeout=10).raise_for_status()
    return Kms(access, arn, other)
