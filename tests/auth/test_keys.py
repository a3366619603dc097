from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from auth.keys import BrokenKey, ExposedKey, ForeignKey, KeyFileError, UnusableKeys, _create, load_or_create

ROOT = Path(__file__).parents[2]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def key_file(directory: Path) -> Path:
    (path,) = directory.iterdir()
    return path


def test_a_new_key_is_made_where_only_its_owner_reads(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_create(tmp_path / "state" / "keys")
    finally:
        os.umask(before)
    assert mode(tmp_path / "state" / "keys") == 0o700
    assert mode(key_file(tmp_path / "state" / "keys")) == 0o600


def test_the_same_key_is_read_again(tmp_path: Path) -> None:
    first, second = load_or_create(tmp_path / "keys"), load_or_create(tmp_path / "keys")
    assert first.kid == second.kid
    assert first.signing_key.as_dict(private=True) == second.signing_key.as_dict(private=True)


def test_two_directories_have_two_keys(tmp_path: Path) -> None:
    assert load_or_create(tmp_path / "one").kid != load_or_create(tmp_path / "two").kid


def test_the_kid_is_the_thumbprint_of_rfc_7638(tmp_path: Path) -> None:
    keys = load_or_create(tmp_path / "keys")
    told = keys.signing_key.as_dict(private=False)
    members = json.dumps({name: told[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    digest = hashlib.sha256(members.encode()).digest()
    assert keys.kid == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert list(keys.public_keys) == [keys.kid]


def test_the_jwks_tells_the_public_key_and_nothing_private(tmp_path: Path) -> None:
    keys = load_or_create(tmp_path / "keys")
    (told,) = keys.jwks()["keys"]
    assert told.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert (told["kty"], told["crv"], told["use"], told["alg"]) == ("EC", "P-256", "sig", "ES256")
    assert not any(key.is_private for key in keys.public_keys.values())
    private = keys.signing_key.as_dict(private=True)["d"]
    assert str(private) not in json.dumps(keys.jwks()) + repr(keys)


def test_the_keys_that_verify_cannot_be_changed(tmp_path: Path) -> None:
    keys = load_or_create(tmp_path / "keys")
    with pytest.raises(TypeError):
        keys.public_keys["mine"] = ECKey.generate_key("P-256")  # type: ignore[index]


START = """
import sys
from pathlib import Path
from auth.keys import load_or_create
print("ready", flush=True)
sys.stdin.readline()
print(load_or_create(Path(sys.argv[1])).kid)
"""


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    command = [sys.executable, "-c", START, str(directory)]
    started = [
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = {process.communicate(timeout=60)[0].strip() for process in started}
    assert told == {load_or_create(directory).kid}
    assert len(list(directory.iterdir())) == 1


def test_who_comes_second_leaves_the_first_key_alone(tmp_path: Path) -> None:
    kid = load_or_create(tmp_path / "keys").kid
    _create(key_file(tmp_path / "keys"))
    assert load_or_create(tmp_path / "keys").kid == kid
    assert len(list((tmp_path / "keys").iterdir())) == 1


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o660, 0o666, 0o620, 0o602, 0o610])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, open_to: int) -> None:
    load_or_create(tmp_path / "keys")
    path = key_file(tmp_path / "keys")
    path.chmod(open_to)
    with pytest.raises(ExposedKey, match=f"chmod 600 {path}"):
        load_or_create(tmp_path / "keys")
    path.chmod(0o600)
    load_or_create(tmp_path / "keys")


@pytest.mark.parametrize("open_to", [0o755, 0o770, 0o777, 0o711])
def test_a_directory_that_others_can_enter_is_refused(tmp_path: Path, open_to: int) -> None:
    load_or_create(tmp_path / "keys")
    (tmp_path / "keys").chmod(open_to)
    with pytest.raises(ExposedKey, match="chmod 700"):
        load_or_create(tmp_path / "keys")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    load_or_create(tmp_path / "keys")
    os.chown(key_file(tmp_path / "keys"), 65534, -1)
    with pytest.raises(ForeignKey, match="uid 65534"):
        load_or_create(tmp_path / "keys")


PUBLIC = ECKey.generate_key("P-256").as_pem(private=False)
OTHER_CURVE = ECKey.generate_key("P-384").as_pem(private=True)
LOCKED = ECKey.generate_key("P-256").as_pem(private=True, password="secret")
HALF = ECKey.generate_key("P-256").as_pem(private=True)[:120]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 300, b"\xff\xfe", b"not a key", HALF, PUBLIC, OTHER_CURVE, LOCKED, b"{" * 20_000],
    ids=["empty", "zeros", "bytes", "text", "half", "public", "P-384", "locked", "long"],
)
def test_a_broken_key_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    load_or_create(tmp_path / "keys")
    path = key_file(tmp_path / "keys")
    path.write_bytes(content)
    with pytest.raises(BrokenKey) as refused:
        load_or_create(tmp_path / "keys")
    assert str(path) in str(refused.value)
    assert "PRIVATE KEY" not in str(refused.value)
    assert path.read_bytes() == content


def test_a_file_in_place_of_the_directory_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(UnusableKeys, match="cannot be used for signing keys: File exists"):
        load_or_create(tmp_path / "keys")


def test_a_directory_in_place_of_the_key_is_told_plainly(tmp_path: Path) -> None:
    load_or_create(tmp_path / "keys")
    path = key_file(tmp_path / "keys")
    path.unlink()
    path.mkdir()
    with pytest.raises(KeyFileError, match="Is a directory"):
        load_or_create(tmp_path / "keys")
