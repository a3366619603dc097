"""`contract-graph`: the command line."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from alembic.util.exc import CommandError

from api.commands import (
    alerts,
    audit,
    clients,
    clm,
    crm,
    db,
    demo,
    docs,
    held,
    import_,
    keys,
    mapping,
    ops,
    policy,
    roles,
    serve,
    signin,
    token,
    worker,
)
from api.settings import SettingsError, load_settings
from auth.audit_proof import NotProvable
from auth.audit_seal import NotOurHead
from auth.key_file import KeyFileError
from auth.policy import PolicyError
from auth.policy_change import PolicyChangeRefused
from auth.review.explanation import UnknownField
from storage.database import DatabaseError
from storage.embedded_errors import EmbeddedError
from storage.migrate import NewerDatabase
from storage.oauth_clients import UnknownClient
from storage.orgs import UnknownOrg
from storage.quarantine import NotHeld
from storage.role_grants import UnknownGrant

EXPECTED = (
    SettingsError,
    EmbeddedError,
    DatabaseError,
    PolicyError,
    PolicyChangeRefused,
    KeyFileError,
    NewerDatabase,
    UnknownOrg,
    UnknownClient,
    UnknownGrant,
    UnknownField,
    NotOurHead,
    NotProvable,
    NotHeld,
    CommandError,
)
"""What can go wrong on a machine, and is told in a line; anything else is a fault of ours, with its trace."""

COMMANDS = (
    demo,
    serve,
    worker,
    db,
    import_,
    mapping,
    held,
    alerts,
    clients,
    clm,
    crm,
    signin,
    roles,
    policy,
    keys,
    token,
    audit,
    docs,
    ops,
)


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    made = argparse.ArgumentParser(
        prog="contract-graph", description="A canonical contract graph between CLM and Salesforce."
    )
    subparsers = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parsed = parser().parse_args(arguments)
    # SIGTERM, too, must unwind: what a command started, it stops.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return int(parsed.run(parsed, load_settings()))
    except EXPECTED as error:
        print(f"contract-graph: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone: nothing is left to say.
        sys.stderr.close()
        return 0


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
