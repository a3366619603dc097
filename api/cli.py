"""`contract-graph`: the command line."""

from __future__ import annotations

import argparse
import keyword
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

from api import logs
from api.settings import load_settings, warnings

EXPECTED = frozenset(
    {
        "alembic.util.exc.CommandError",
        "api.settings.SettingsError",
        "auth.audit_proof.NotProvable",
        "auth.audit_seal.NotOurHead",
        "auth.key_file.KeyFileError",
        "auth.policy.PolicyError",
        "auth.policy_change.PolicyChangeRefused",
        "auth.review.explanation.UnknownField",
        "storage.database.DatabaseError",
        "storage.embedded_errors.EmbeddedError",
        "storage.migrate.NewerDatabase",
        "storage.migrate.TablesInUse",
        "storage.oauth_clients.UnknownClient",
        "storage.orgs.UnknownOrg",
        "storage.quarantine.NotHeld",
        "storage.role_grants.UnknownGrant",
    }
)
"""What can go wrong on a machine, and is told in a line; anything else is a fault of ours, with its trace.

By name: to import them all would take every command longer than what it does.
"""

COMMANDS = (
    "demo",
    "serve",
    "worker",
    "db",
    "backup",
    "restore",
    "import",
    "orgs",
    "mapping",
    "held",
    "conflict",
    "alerts",
    "hooks",
    "clients",
    "clm",
    "crm",
    "signin",
    "roles",
    "policy",
    "keys",
    "token",
    "audit",
    "docs",
    "doctor",
    "ops",
)
"""Each is a module of `api.commands`, in the order in which they are listed."""


def parser(words: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Build the parser of some commands, all unless said; what none of them needs is not imported."""
    made = argparse.ArgumentParser(
        prog="contract-graph", description="A canonical contract graph between CLM and Salesforce."
    )
    subparsers = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word in words:
        name = f"{word}_" if keyword.iskeyword(word) else word
        import_module(f"api.commands.{name}").add_parser(subparsers)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    typed = sys.argv[1:] if arguments is None else arguments
    words = typed[:1] if typed and typed[0] in COMMANDS else COMMANDS
    parsed = parser(words).parse_args(typed)
    # SIGTERM, too, must unwind: what a command started, it stops.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        settings = load_settings()
        logs.set_up(settings)
        for each in warnings():
            print(f"contract-graph: warning: {each}", file=sys.stderr)
        return int(parsed.run(parsed, settings))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone: nothing is left to say. No check passed that was cut off.
        sys.stderr.close()
        return 128 + signal.SIGPIPE
    except Exception as error:
        if not _is_expected(error):
            raise
        print(f"contract-graph: {error}", file=sys.stderr)
        return 1


def _is_expected(error: Exception) -> bool:
    return any(f"{each.__module__}.{each.__qualname__}" in EXPECTED for each in type(error).__mro__)


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
