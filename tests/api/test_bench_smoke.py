from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmark_finds_equal_answers_and_prints_figures_of_all_three_servers(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.bench",
            "--quick",
            "--rounds",
            "1",
            "--seconds",
            "0.5",
            "--json",
            written,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    assert "the three servers give equal answers" in ran.stdout
    rows = [line.split()[0] for line in ran.stdout.splitlines() if line and not line.startswith(" ")]
    found = json.loads(written.read_text())["operations"]
    for name in ("ours", "limit", "idiomatic"):
        assert rows.count(name) == 2
        assert all(found[operation]["servers"][name]["requests_per_second"] > 0 for operation in found)
    assert found.keys() == {"panel", "contracts"}
