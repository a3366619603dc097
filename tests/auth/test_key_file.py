from __future__ import annotations

import os
import stat
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from auth.key_encryption import BrokenKey, from_file
from auth.key_file import ExposedKey, ForeignKey, KeyFileError, UnusableKeys, create

ROOT = Path(__file__).parents[2]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def key_file(directory: Path) -> Path:
    (path,) = directory.iterdir()
    return path


def test_a_new_key_is_made_where_only_its_owner_reads(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        from_file(tmp_path / "state" / "keys")
    finally:
        os.umask(before)
    assert mode(tmp_path / "state" / "keys") == 0o700
    assert mode(key_file(tmp_path / "state" / "keys")) == 0o600


def test_the_same_key_is_read_again(tmp_path: Path) -> None:
    first, second = from_file(tmp_path / "keys"), from_file(tmp_path / "keys")
    assert first.kid == second.kid
    assert second.unwrap(first.wrap(b"x" * 32, {}), first.kid, {}) == b"x" * 32


def test_two_directories_have_two_keys(tmp_path: Path) -> None:
    assert from_file(tmp_path / "one").kid != from_file(tmp_path / "two").kid


START = """
import sys
from base64 import b64encode
from pathlib import Path
from auth.key_encryption import from_file
print("ready", flush=True)
sys.stdin.readline()
print(from_file(Path(sys.argv[1])).kid)
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
    assert told == {from_file(directory).kid}
    assert len(list(directory.iterdir())) == 1


def test_who_comes_second_leaves_the_first_key_alone(tmp_path: Path) -> None:
    kid = from_file(tmp_path / "keys").kid
    create(key_file(tmp_path / "keys"), b"another")
    assert from_file(tmp_path / "keys").kid == kid
    assert len(list((tmp_path / "keys").iterdir())) == 1


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o660, 0o666, 0o620, 0o602, 0o610])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, open_to: int) -> None:
    from_file(tmp_path / "keys")
    path = key_file(tmp_path / "keys")
    path.chmod(open_to)
    with pytest.raises(ExposedKey, match=f"chmod 600 {path}"):
        from_file(tmp_path / "keys")
    path.chmod(0o600)
    from_file(tmp_path / "keys")


@pytest.mark.parametrize("open_to", [0o755, 0o770, 0o777, 0o711])
def test_a_directory_that_others_can_enter_is_refused(tmp_path: Path, open_to: int) -> None:
    from_file(tmp_path / "keys")
    (tmp_path / "keys").chmod(open_to)
    with pytest.raises(ExposedKey, match="chmod 700"):
        from_file(tmp_path / "keys")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    from_file(tmp_path / "keys")
    os.chown(key_file(tmp_path / "keys"), 65534, -1)
    with pytest.raises(ForeignKey, match="uid 65534"):
        from_file(tmp_path / "keys")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 300,
        b"\xff\xfe",
        b"not a key",
        b64encode(b"x" * 31),
        b64encode(b"x" * 33),
        b"{" * 20_000,
    ],
    ids=["empty", "zeros", "bytes", "text", "short", "long", "very long"],
)
def test_a_broken_key_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    from_file(tmp_path / "keys")
    path = key_file(tmp_path / "keys")
    path.write_bytes(content)
    with pytest.raises(BrokenKey) as refused:
        from_file(tmp_path / "keys")
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content


def test_a_file_in_place_of_the_directory_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(UnusableKeys, match="cannot be used for keys: File exists"):
        from_file(tmp_path / "keys")


def test_a_directory_in_place_of_the_key_is_told_plainly(tmp_path: Path) -> None:
    from_file(tmp_path / "keys")
    path = key_file(tmp_path / "keys")
    path.unlink()
    path.mkdir()
    with pytest.raises(KeyFileError, match="Is a directory"):
        from_file(tmp_path / "keys")
