"""`contract-graph mapping`: what a mapping file makes of a payload, before anything calls."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.settings import Settings, SettingsError
from domain.claim import Report, Unreadable
from domain.counted import counted
from domain.field import Entity, Kind, fields_of
from sync.clm.malformed import Malformed, read_payload
from sync.clm.mapping_file import SHIPPED, MappingFile, MappingFileError, load_mapping
from sync.clm.members import moment_at
from sync.clm.path import Here

UNDERSTOOD, REFUSED, UNREADABLE = 0, 1, 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `mapping check|show`; exit code 3 says that a value could not be read."""
    actions = subparsers.add_parser("mapping", help="what a contract system's JSON means").add_subparsers(
        dest="action", required=True
    )
    checking = actions.add_parser("check", help="whether a mapping is understood, and what it claims")
    checking.add_argument("file", type=Path, help="a mapping file")
    checking.add_argument(
        "--payload",
        type=Path,
        metavar="FILE",
        help="JSON as the system sends it, or as it is fetched from it",
    )
    checking.set_defaults(run=_check)
    showing = actions.add_parser(
        "show", help="print a mapping that ships, to copy; without a name, list them"
    )
    showing.add_argument("name", nargs="?", help="such as ironclad_record")
    showing.set_defaults(run=_show)


def _show(arguments: argparse.Namespace, _: Settings) -> int:
    names = sorted(path.stem for path in SHIPPED.glob("*.toml"))
    if arguments.name is None:
        print("\n".join(names))
        return UNDERSTOOD
    if arguments.name not in names:
        raise SettingsError(f"no mapping {arguments.name!r} ships; there are: {', '.join(names)}")
    print((SHIPPED / f"{arguments.name}.toml").read_text(encoding="utf-8"), end="")
    return UNDERSTOOD


def _check(arguments: argparse.Namespace, _: Settings) -> int:
    try:
        mapping = load_mapping(arguments.file)
        body = arguments.payload.read_bytes() if arguments.payload else None
    except MappingFileError as error:
        # What a check is for: the finding is its answer, and no failure of the command.
        print(error)
        return REFUSED
    except OSError as error:
        print(f"contract-graph: {error.filename}: {error.strerror}", file=sys.stderr)
        return REFUSED
    _tell_mapping(mapping)
    if body is None:
        return UNDERSTOOD
    try:
        reports = list(_reports(mapping, read_payload(body, str(arguments.payload))))
    except Malformed as error:
        print(f"\n{error}")
        return REFUSED
    for report in reports:
        print()
        _tell_report(mapping, report)
    unreadable = sum(isinstance(value, Unreadable) for report in reports for value in report.fields.values())
    print(f"\n{counted(len(reports), 'contract')}, {unreadable} not readable")
    return UNREADABLE if unreadable else UNDERSTOOD


def _reports(mapping: MappingFile, payload: Any) -> Iterator[Report]:  # noqa: ANN401 - any JSON
    """The claims as a connection would make them; what names an event may be a header, which is not here."""
    names, top = mapping.door.events, Here(payload, payload)
    # What is fetched has the contract at its top, however the event came that named it.
    several = names.each.all(top) if names.each and mapping.door.fetch is None else iter([top])
    for turn, here in enumerate(several, start=1):
        at = moment_at(here.value, names.at) if names.at else None
        yield from mapping.map.read(here.value, source="check", event=str(turn), at=at)


def _tell_mapping(mapping: MappingFile) -> None:
    print(f"{mapping.source}, SHA-256 {mapping.digest}")
    lists = ", ".join(dict.fromkeys(part.list.name for part in mapping.map.parts)) or "no parts"
    print(f"{len(mapping.map.rules)} of a contract's fields; {lists}")
    signing, fetch = mapping.door.signing, mapping.door.fetch
    unsigned = "no [signature]: a generic connection with it believes nothing"
    print(f"signed in {signing.header}" if signing else unsigned)
    if fetch:
        print(f"fetched from {'/'.join(fetch.segments)} below the connection's base address")


def _tell_report(mapping: MappingFile, report: Report) -> None:
    print(f"contract {report.contract}, as of {report.claimed_at.isoformat()}")
    wide = max(map(len, report.fields), default=0)
    for name, value in report.fields.items():
        print(f"  {name:{wide}}  {_said(value)}")
    for part in report.parts:
        print(f"  {type(part).__name__} {(part.source_key or '').partition('#')[2]}: {_said_of(part)}")
    unsaid = [rule.declared.name for rule in mapping.map.rules if rule.declared.name not in report.fields]
    if unsaid:
        print(f"  not said: {', '.join(unsaid)}")


def _said(value: object) -> str:
    if isinstance(value, Unreadable):
        return f"not readable: {value.text!r}: {value.reason}"
    if isinstance(value, str) and not value.isprintable():
        return repr(value)
    return "none" if value is None else str(value)


def _said_of(part: Entity) -> str:
    told = {
        declared.name: getattr(part, declared.name)
        for declared in fields_of(type(part))
        if declared.kind in {Kind.SCALAR, Kind.MONEY} and declared.name not in {"id", "source_key"}
    }
    return ", ".join(f"{name} {_said(value)}" for name, value in told.items() if value is not None)
