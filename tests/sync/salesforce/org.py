"""An org of the stand-in with what most tests need, spoken to without any of our client's code."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from sync.salesforce.stand_in.process import Started

VERSION = "67.0"
SYNC, REP = "sync@example.com", "rep@example.com"
APP, SECRET = "the-app", "the-secret"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_KEY = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_KEY = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
STATUS = {"Draft": "Draft", "InApproval": "In Approval Process", "Activated": "Activated"}


@dataclass(frozen=True, slots=True)
class SalesforceOrg:
    """The stand-in, an account, an opportunity of it and a product; and who asks."""

    stand_in: Started
    account: str
    opportunity: str
    product: str
    user: str

    def token(self, username: str = SYNC, **claims: Any) -> requests.Response:
        """Ask for a session as a user, by JWT."""
        said = {
            "iss": APP, "sub": username, "aud": "https://login.salesforce.com", "exp": int(time.time()) + 180,
        }  # fmt: skip
        assertion = jwt.encode({"alg": "RS256"}, said | claims, RSAKey.import_key(PRIVATE_KEY))
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return self.post_token(grant_type=grant, assertion=assertion)

    def post_token(self, **form: str) -> requests.Response:
        return requests.post(
            f"{self.stand_in.url}/services/oauth2/token", form, timeout=10, verify=self._verify
        )

    def rest(self, username: str = SYNC) -> Rest:
        """Return the REST API as a user has it."""
        return Rest(self.stand_in.url, self.token(username).json()["access_token"], self._verify)

    @property
    def _verify(self) -> str | bool:
        return self.stand_in.certificate or True


@dataclass(frozen=True, slots=True)
class Rest:
    """The REST API, called plainly."""

    url: str
    token: str
    verify: str | bool = True

    def __call__(
        self, method: str, path: str, body: Any = None, version: str = VERSION, **headers: str
    ) -> requests.Response:
        data = {"data": body.encode()} if isinstance(body, str) else {"json": body}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method,
            f"{self.url}/services/data/v{version}/{path}",
            headers={"Authorization": f"Bearer {self.token}"} | named,
            timeout=10,
            verify=self.verify,
            **data,
        )

    def query(self, soql: str, resource: str = "query", **headers: str) -> requests.Response:
        return self("GET", f"{resource}?q={requests.utils.quote(soql)}", **headers)

    def rows(self, soql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.query(soql).json()["records"]
        return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]


def furnished(stand_in: Started) -> SalesforceOrg:
    """Empty the stand-in, and put in what most tests need."""
    stand_in.clear("everything")
    made = stand_in.arrange(
        users=[{"Username": SYNC}, {"Username": REP, "FirstName": "Rita", "LastName": "Rep"}],
        apps=[{"consumer_key": APP, "consumer_secret": SECRET, "public_key": PUBLIC_KEY, "run_as": SYNC}],
        records={
            "Account": [{"Name": "Acme"}],
            "Product2": [{"Name": "Licence", "ProductCode": "LIC"}],
        },
    )
    account = made["Account"][0]
    deal = {"Name": "Deal", "AccountId": account, "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    opportunity = stand_in.arrange(records={"Opportunity": [deal]})["Opportunity"][0]
    return SalesforceOrg(stand_in, account, opportunity, made["Product2"][0], made["User"][0])


def error(answer: requests.Response) -> dict[str, Any]:
    """Return the only error of a refused call."""
    (found,) = answer.json()
    assert isinstance(found, dict)
    return found
