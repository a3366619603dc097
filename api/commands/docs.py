"""`contract-graph docs`: what is generated from the declarations, and whether it is up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from api.apex_source import LWC_CLIENT, salesforce_files
from api.error_reference import error_reference
from api.field_reference import field_reference
from api.limit_table import limit_reference
from api.schema import sdl
from api.settings import Settings
from api.settings_reference import settings_reference

ROOT = Path(__file__).resolve().parents[2]


def generated() -> dict[Path, str]:
    """Return every generated file with what it should hold."""
    found = {
        ROOT / "api" / "schema.graphql": sdl(),
        ROOT / "docs" / "fields.md": field_reference(),
        ROOT / "docs" / "settings.md": settings_reference(),
        ROOT / "docs" / "errors.md": error_reference(),
        ROOT / "docs" / "limits.md": limit_reference(),
    }
    if not (ROOT / LWC_CLIENT).is_dir():
        return found
    return found | {ROOT / path: text for path, text in salesforce_files().items()}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `docs`."""
    parser = subparsers.add_parser("docs", help="write the schema and the references")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, _: Settings) -> int:
    stale = [
        path
        for path, text in generated().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if arguments.check:
            print(f"{path.relative_to(ROOT)} is stale: run `contract-graph docs`", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(generated()[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if stale and arguments.check else 0
