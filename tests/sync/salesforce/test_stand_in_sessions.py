from __future__ import annotations

import time

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from sync.salesforce.stand_in.process import started
from tests.sync.salesforce.org import (
    APP,
    PUBLIC_KEY,
    REP,
    SECRET,
    SYNC,
    Rest,
    SalesforceOrg,
    error,
    furnished,
)


def test_a_jwt_gives_a_session_without_a_refresh_token_or_a_lifetime(org: SalesforceOrg) -> None:
    given = org.token(SYNC).json()
    assert given.keys() == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert given["instance_url"] == org.stand_in.url
    assert given["id"].endswith(f"/{org.user}")


def test_client_credentials_give_a_session_of_the_run_as_user(org: SalesforceOrg) -> None:
    given = org.post_token(grant_type="client_credentials", client_id=APP, client_secret=SECRET)
    assert given.json()["id"].endswith(f"/{org.user}")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "nobody"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": APP, "client_secret": "no"}, "invalid_client"),
    ],
)
def test_a_refused_grant_is_an_object_not_an_array(
    org: SalesforceOrg, form: dict[str, str], code: str
) -> None:
    refused = org.post_token(**form)
    assert refused.status_code == 400
    assert refused.json()["error"] == code
    assert refused.json().keys() == {"error", "error_description"}


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": int(time.time()) - 600}, "invalid_grant"),
        ({"exp": int(time.time()) + 86400}, "invalid_grant"),
        ({"aud": "https://example.com"}, "invalid_grant"),
        ({"iss": "nobody"}, "invalid_client_id"),
        ({"sub": "nobody@example.com"}, "invalid_grant"),
    ],
)
def test_an_assertion_that_does_not_fit_is_refused(
    org: SalesforceOrg, claims: dict[str, object], code: str
) -> None:
    assert org.token(SYNC, **claims).json()["error"] == code


def test_an_assertion_of_another_key_is_refused(org: SalesforceOrg) -> None:
    said = {
        "iss": APP,
        "sub": SYNC,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 60,
    }
    forged = jwt.encode({"alg": "RS256"}, said, RSAKey.generate_key(2048))
    refused = org.post_token(grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=forged)
    assert refused.json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


def test_a_user_whom_no_admin_approved_is_refused(org: SalesforceOrg) -> None:
    org.stand_in.arrange(apps=[{"consumer_key": "strict", "public_key": PUBLIC_KEY, "approved": [SYNC]}])
    assert org.token(REP, iss="strict").json()["error"] == "invalid_app_access"
    assert "access_token" in org.token(SYNC, iss="strict").json()


def test_an_inactive_user_is_refused(org: SalesforceOrg) -> None:
    org.stand_in.arrange(users=[{"Username": REP, "IsActive": False}])
    assert org.token(REP).json()["error"] == "inactive_user"


def test_a_session_that_was_ended_is_told_so(org: SalesforceOrg, rest: Rest) -> None:
    assert rest("GET", "limits").status_code == 200
    org.stand_in.clear("sessions")
    answer = rest("GET", "limits")
    assert (answer.status_code, error(answer)) == (
        401,
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"},
    )


def test_a_session_may_end_by_itself(org: SalesforceOrg) -> None:
    org.stand_in.arrange(settings={"session_seconds": 0})
    assert org.rest()("GET", "limits").status_code == 401


def test_a_session_can_be_asked_about(org: SalesforceOrg, rest: Rest) -> None:
    own = f"{org.stand_in.url}/services/oauth2"
    told = requests.get(f"{own}/userinfo", headers={"Authorization": f"Bearer {rest.token}"}, timeout=10)
    assert told.json()["user_id"] == org.user
    form = {"client_id": APP, "client_secret": SECRET, "token": rest.token}
    assert requests.post(f"{own}/introspect", form, timeout=10).json()["active"] is True
    assert requests.post(f"{own}/introspect", form | {"token": "x"}, timeout=10).json() == {"active": False}
    published = requests.get(f"{org.stand_in.url}/.well-known/openid-configuration", timeout=10).json()
    assert requests.get(published["jwks_uri"], timeout=10).json()["keys"][0]["kty"] == "RSA"


def test_only_who_started_it_may_arrange_it(org: SalesforceOrg) -> None:
    refused = requests.post(f"{org.stand_in.url}/stand-in/arrange", json={}, timeout=10)
    assert refused.status_code == 403


def test_it_speaks_https_with_a_certificate_made_for_the_occasion() -> None:
    with started("--tls") as stand_in:
        secure = furnished(stand_in)
        assert stand_in.url.startswith("https://")
        assert secure.rest()("GET", "limits").status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{stand_in.url}/services/data/", timeout=10)
