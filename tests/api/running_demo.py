"""The demo as a process of its own: started, asked, signalled, and never left behind."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.embedded import Cluster
from tests.api.command_line import ROOT, environment

READY = "Ctrl-C stops."
PATIENCE = 90
"""Seconds after which a start or a stop has failed, however slow the machine."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def new_home() -> Iterator[Path]:
    """A data home; not pytest's, which for root is closed to the account that runs PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="contract-graph-demo-"))
    folder.chmod(0o711)
    try:
        yield folder / "home"
    finally:
        if Cluster(folder / "home").status().running:
            Cluster(folder / "home").stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class RunningDemo:
    """`contract-graph demo` in a home, and what it has said."""

    home: Path
    port: int = field(default_factory=free_port)
    unlimited: bool = False

    def __post_init__(self) -> None:
        self._output = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by `end`
        self._heard: str | None = None
        given = {"CONTRACT_GRAPH_HOME": str(self.home), "CONTRACT_GRAPH_PORT": str(self.port)}
        if self.unlimited:  # for whoever asks for more tokens than a client may
            given |= {
                "CONTRACT_GRAPH_TOKEN_RATE": "1000000", "CONTRACT_GRAPH_TOKEN_FAILURES": "1000000",
                "CONTRACT_GRAPH_CALLER_POINTS": "1000000000", "CONTRACT_GRAPH_CLIENT_POINTS": "1000000000",
            }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "demo"],
            cwd=ROOT,
            env=environment(given),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        if self._heard is not None:
            return self._heard
        self._output.seek(0)
        return self._output.read()

    @property
    def logged(self) -> list[str]:
        """The lines that it said since it was ready: until then it prints tokens on purpose."""
        return self.said.partition(READY)[2].splitlines()

    def until(self, words: str) -> str:
        """Wait until it has said these words, or has ended."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)
        return self.said

    def end(self, number: signal.Signals | None = None) -> int:
        """Send the signal, if there is one, and give the exit code once it has gone."""
        if number is not None and self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE / 3)
        except subprocess.TimeoutExpired:
            if number is None:
                raise
            # asyncio.wait_for of Python 3.11 loses a cancellation that comes as what it waits for is done:
            # whoever pressed Ctrl-C in that very moment presses it again.
            self.process.send_signal(number)
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self._heard = self.said
            self._output.close()

    @property
    def tokens(self) -> dict[str, str]:
        """The tokens that it printed, by role."""
        found = re.findall(r"^.+, ([a-z_]+) at .+:\n(\S+\.\S+\.\S+)$", self.said, re.MULTILINE)
        return dict(found)

    @property
    def command(self) -> tuple[str, str]:
        """The curl that it printed, with the line that sets the token, and the answer below it."""
        match = re.search(r"^(TOKEN=.*?)\n\n(\{.*?^\})$", self.said, re.DOTALL | re.MULTILINE)
        assert match, self.said
        return match[1], match[2]


@contextmanager
def demo(home: Path, port: int | None = None, *, unlimited: bool = False) -> Iterator[RunningDemo]:
    """Run the demo until it is ready; whatever happens, it does not outlive the block."""
    running = RunningDemo(home, port or free_port(), unlimited)
    try:
        running.until(READY)
        yield running
    finally:
        running.end(signal.SIGTERM)
