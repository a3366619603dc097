"""`contract-graph ops`: the trusted documents, and what lwc-client/ is given of them."""

from __future__ import annotations

import argparse
import sys

from api.apex_source import salesforce_files
from api.commands.docs import ROOT
from api.settings import Settings
from api.trusted import trusted_documents


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `ops`."""
    parser = subparsers.add_parser("ops", help="list the trusted documents with their ids")
    parser.add_argument("--apex", action="store_true", help="write the Apex class that names them")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, _: Settings) -> int:
    if not arguments.apex:
        for id_, document in trusted_documents().items():
            print(f"{document.name}\t{id_}")
        return 0
    for path, text in salesforce_files().items():
        if not (ROOT / path).parent.is_dir():
            print(f"contract-graph: {path.parent} is not here: run this in a checkout", file=sys.stderr)
            return 1
        (ROOT / path).write_text(text, encoding="utf-8")
        print(f"wrote {path}")
    return 0
