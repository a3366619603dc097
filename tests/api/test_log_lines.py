from __future__ import annotations

import json
import logging
import sys

from api.logs import Lines


def _written(text: str, *arguments: object, failed: bool = False) -> dict[str, object]:
    error = sys.exc_info() if failed else None
    record = logging.LogRecord("contract_graph.app", logging.ERROR, "f.py", 1, text, arguments, error)
    line = Lines().format(record)
    assert "\n" not in line
    found: dict[str, object] = json.loads(line)
    return found


def test_a_record_is_one_line_of_json() -> None:
    line = _written("process %d\nended", 7)
    assert line.keys() == {"at", "level", "logger", "process", "text"}
    assert (line["level"], line["logger"], line["text"]) == (
        "error",
        "contract_graph.app",
        "process 7\nended",
    )
    assert str(line["at"]).endswith("+00:00")


def test_of_an_exception_the_kind_and_the_place_are_told_and_what_it_says_is_not() -> None:
    try:
        int("hunter2")
    except ValueError:
        line = _written("it failed", failed=True)
    assert line["exception"] == "ValueError"
    assert "test_log_lines.py:" in str(line["where"])
    assert "hunter2" not in json.dumps(line)
