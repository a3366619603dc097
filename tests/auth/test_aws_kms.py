from __future__ import annotations

import asyncio
import json
import socket
import threading
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import api.app
import auth.aws_kms
from api.app import Application
from api.settings import load_settings
from auth.aws_kms import AwsAccess, AwsKms
from auth.crypto import Place, Sealer
from auth.key_encryption import KeyServiceFailed, LocalKeys, NotDecrypted, UnknownKeyEncryption
from auth.keys import KeyRing, first_keys, place_of, rotate
from storage.database import connect
from tests.api.command_line import only_line, run_here
from tests.kms import Kms, ask, started

DATA_KEY = bytes(range(32))
CONTEXT = {"org": "", "table": "t", "row": "r", "column": "c"}
ACCESS = AwsAccess(region="eu-central-1", access_key_id="hunter1", secret_access_key="hunter2")
AWAY = replace(ACCESS, endpoint="http://127.0.0.1:9/")
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    with started(tmp_path_factory.mktemp("kms")) as service:
        yield service


@pytest.fixture(scope="module")
def keys(kms: Kms) -> AwsKms:
    return AwsKms(kms.arn, kms.access)


@contextmanager
def standing_in(*answers: Answer) -> Iterator[tuple[AwsAccess, list[dict[str, str]]]]:
    """A service that gives these answers, one after the other, and the headers that it was sent."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, headers, body = answers[len(seen)]
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield replace(ACCESS, endpoint=f"http://127.0.0.1:{server.server_port}/"), seen
        finally:
            server.shutdown()


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(KeyServiceFailed) as failed:
        call()
    told = str(failed.value)
    assert told.startswith("The key service did not answer as it should: ")
    everything = "".join(traceback.format_exception(failed.value.with_traceback(None)))
    assert not any(secret in everything for secret in ("hunter", b64encode(DATA_KEY).decode()))
    return told.split(": ", 1)[1]


def test_what_was_wrapped_is_unwrapped_and_never_looks_the_same(keys: AwsKms) -> None:
    wrapped = [keys.wrap(DATA_KEY, CONTEXT) for _ in range(3)]
    assert len(set(wrapped)) == 3
    assert not any(DATA_KEY in each for each in wrapped)
    assert {keys.unwrap(each, keys.kid, CONTEXT) for each in wrapped} == {DATA_KEY}


def test_it_is_kms_that_wraps_and_an_empty_value_is_left_out(kms: Kms, keys: AwsKms) -> None:
    context = {name: value for name, value in CONTEXT.items() if value}
    blob = b64encode(keys.wrap(DATA_KEY, CONTEXT)).decode()
    answer = ask(kms.access, "Decrypt", {"CiphertextBlob": blob, "EncryptionContext": context})
    assert answer["Plaintext"] == b64encode(DATA_KEY).decode()
    assert answer["KeyId"] == kms.arn


@pytest.mark.parametrize(
    "context", [{}, CONTEXT | {"row": "other"}, CONTEXT | {"org": "o"}, CONTEXT | {"column": ""}]
)
def test_in_another_context_nothing_is_unwrapped(keys: AwsKms, context: dict[str, str]) -> None:
    with pytest.raises(NotDecrypted, match=r"its key-encryption key aws-kms does not open it\."):
        keys.unwrap(keys.wrap(DATA_KEY, CONTEXT), keys.kid, context)


@pytest.mark.parametrize("wrapped", [b"", b"x", b"x" * 200])
def test_what_kms_did_not_wrap_is_not_unwrapped(keys: AwsKms, wrapped: bytes) -> None:
    with pytest.raises((NotDecrypted, KeyServiceFailed)):
        keys.unwrap(wrapped, keys.kid, CONTEXT)


def test_a_key_that_kms_does_not_know_is_told_by_its_code(kms: Kms) -> None:
    unknown = AwsKms("11111111-2222-3333-4444-555555555555", kms.access)
    assert reason(lambda: unknown.wrap(DATA_KEY, CONTEXT)) == "NotFoundException."


@pytest.mark.parametrize("secret", ["access_key_id", "secret_access_key"])
def test_who_does_not_sign_rightly_is_refused(kms: Kms, secret: str) -> None:
    stranger = AwsKms(kms.arn, replace(kms.access, **{secret: "hunter2"}))
    # moto says why in XML, which KMS does not speak.
    assert reason(lambda: stranger.wrap(DATA_KEY, CONTEXT)) == "HTTP 403."


def test_a_key_of_another_kind_is_named_before_kms_is_asked() -> None:
    with pytest.raises(UnknownKeyEncryption, match="0123456789abcdef is not here"):
        AwsKms("key", ACCESS).unwrap(b"x", "0123456789abcdef", CONTEXT)


def test_an_address_where_nobody_answers_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = replace(ACCESS, endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert reason(lambda: AwsKms("key", nobody).wrap(DATA_KEY, CONTEXT)) == "ConnectionError."


def test_a_service_that_is_silent_is_waited_for_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert auth.aws_kms.PATIENCE == 5
    monkeypatch.setattr(auth.aws_kms, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        access = replace(ACCESS, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert reason(lambda: AwsKms("key", access).wrap(DATA_KEY, CONTEXT)) == "ReadTimeout."


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((404, {}, b"<html>hunter2</html>"), "HTTP 404."),
        ((307, {"Location": "/elsewhere"}, b""), "HTTP 307."),
        ((500, {}, b'["hunter2"]'), "HTTP 500."),
        ((400, {}, b'{"__type": "com.amazonaws#DisabledException", "m": "hunter2"}'), "DisabledException."),
        ((400, {}, b'{"__type": "hunter2 is the secret"}'), "HTTP 400."),
        ((400, {}, b'{"__type": null}'), "HTTP 400."),
        ((200, {}, b"hunter2"), "an answer of an unknown form."),
        ((200, {}, b"[" * 100_000), "an answer of an unknown form."),
        ((200, {}, b"{}"), "an answer of an unknown form."),
        ((200, {}, b'{"CiphertextBlob": 7}'), "an answer of an unknown form."),
        ((200, {}, b'{"CiphertextBlob": "hunter2!"}'), "an answer of an unknown form."),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_kms_is_told_without_its_text(answer: Answer, told: str) -> None:
    with standing_in(answer) as (access, seen):
        assert reason(lambda: AwsKms("key", access).wrap(DATA_KEY, CONTEXT)) == told
    assert len(seen) == 1


@pytest.mark.parametrize("code", ["InvalidCiphertextException", "IncorrectKeyException"])
def test_what_the_named_key_did_not_wrap_is_not_decrypted(code: str) -> None:
    with standing_in((400, {}, json.dumps({"__type": code}).encode())) as (access, _):
        keys = AwsKms("key", access)
        with pytest.raises(NotDecrypted):
            keys.unwrap(b"x", keys.kid, CONTEXT)


def test_a_session_token_is_sent_and_signed_and_no_proxy_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with standing_in((200, {}, b'{"CiphertextBlob": "eA=="}')) as (access, seen):
        keys = AwsKms("key", replace(access, session_token="hunter3"))
        assert keys.wrap(DATA_KEY, CONTEXT) == b"x"
    assert seen[0]["x-amz-security-token"] == "hunter3"
    assert "x-amz-security-token" in seen[0]["authorization"].split("SignedHeaders=")[1]
    assert seen[0]["x-amz-target"] == "TrentService.Encrypt"


def test_credentials_that_no_header_can_carry_are_not_quoted() -> None:
    for broken in ("hunter\n2", "hunter\N{SNOWMAN}"):
        keys = AwsKms("key", replace(AWAY, access_key_id=broken))
        assert "hunter" not in reason(lambda keys=keys: keys.wrap(DATA_KEY, CONTEXT))


def test_no_repr_shows_a_secret() -> None:
    access = replace(ACCESS, session_token="hunter3")
    keys = AwsKms("key", access)
    assert "hunter" not in f"{access!r} {access} {keys!r} {Sealer(keys)!r}"
    assert "eu-central-1" in repr(access)
    assert access.url == "https://kms.eu-central-1.amazonaws.com/"


def test_values_are_sealed_and_opened_where_they_lie_and_nowhere_else(keys: AwsKms) -> None:
    place, sealer = Place(org="", table="t", row="r", column="c"), Sealer(keys)
    sealed = sealer.seal(b"secret", place)
    assert sealed.startswith("v1.aws-kms.")
    assert sealer.open(sealed, place) == b"secret"
    with pytest.raises(NotDecrypted):
        sealer.open(sealed, replace(place, row="elsewhere"))
    with pytest.raises(UnknownKeyEncryption, match="aws-kms"):
        Sealer(LocalKeys([b"k" * 32])).open(sealed, place)


def test_signing_keys_are_read_through_kms_once(keys: AwsKms, owner_url: str) -> None:
    async def work() -> None:
        connection = await connect(owner_url)
        try:
            stored = await first_keys(connection, Sealer(keys), "a test")
        finally:
            await connection.close()
        ring = KeyRing(Sealer(keys))
        ring.take(stored)
        assert list(ring.public_keys) == [stored[0].kid]
        ring._sealer = Sealer(AwsKms("key", AWAY))
        ring.take(stored)
        assert b'"d"' in Sealer(keys).open(stored[0].private_key, place_of(stored[0].kid))

    asyncio.run(work())


@pytest.fixture
def given(kms: Kms, database_url: str, owner_url: str, tmp_path: Path) -> dict[str, str]:
    home = {"CONTRACT_GRAPH_HOME": str(tmp_path / "home")}
    return home | {"DATABASE_URL": database_url, "DATABASE_OWNER_URL": owner_url} | kms.environment


def test_a_worker_goes_on_while_kms_is_away_and_takes_new_keys_when_it_is_back(
    keys: AwsKms, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.app, "ASK_AGAIN", 0.01)
    app = Application(load_settings(given), given["DATABASE_URL"])
    within = app._sealer._keys

    async def work() -> None:
        connection = await connect(given["DATABASE_OWNER_URL"])
        async with app._lifespan(app._rest):
            before = app.keys.kid
            app._sealer._keys = AwsKms("key", AWAY)
            made = await rotate(connection, Sealer(keys), "a test")
            with pytest.raises(KeyServiceFailed):
                await app.keys.refresh(app.database)
            await asyncio.sleep(0.2)
            assert list(app.keys.public_keys) == [app.keys.kid] == [before]
            app._sealer._keys = within
            for _ in range(2000):
                if made.kid in app.keys.public_keys:
                    break
                await asyncio.sleep(0.01)
            assert set(app.keys.public_keys) == {before, made.kid}
        await connection.close()

    asyncio.run(work())


def test_the_command_line_lists_keys_that_kms_encrypts(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        done = run_here(monkeypatch, capsys, given, "keys", "list")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("encrypted by aws-kms") == 1
    assert run_here(monkeypatch, capsys, given, "keys", "rotate").returncode == 0
    assert not Path(given["CONTRACT_GRAPH_HOME"], "keys").exists()
    unknown = given | {"CONTRACT_GRAPH_KMS_KEY": "alias/none"}
    told = only_line(run_here(monkeypatch, capsys, unknown, "keys", "rotate"))
    assert told == "The key service did not answer as it should: NotFoundException."
