from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.api.command_line import ROOT, environment

PROJECT = ROOT / "lwc-client"
Npm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def npm() -> Npm:
    """Runs a script of lwc-client/, with its packages installed and the preview built."""
    found = shutil.which("npm")
    if found is None or shutil.which("node") is None:
        pytest.skip("node and npm are not here: install Node.js 20.19 or later to test lwc-client/")
    done = subprocess.run(
        [str(ROOT / "scripts" / "preview"), "dev"], capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr
    if not (PROJECT / "node_modules" / ".setup.dev").is_file():
        pytest.skip(f"the packages of lwc-client/ cannot be installed here: {done.stdout}{done.stderr}")

    def run(*words: str, given: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [found, "run", "--silent", *words],
            cwd=PROJECT,
            env=environment(given or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    return run


@pytest.fixture(scope="session")
def built(npm: Npm) -> Path:
    """Where the preview was built."""
    assert npm
    folder = PROJECT / "preview" / "dist"
    assert (folder / "main.js").is_file()
    return folder
