"""Signed heads carried to a second place: a file, or an address that takes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import requests

from api.settings import SettingsError
from auth.address import is_secure
from auth.audit_head import ExportedHead, read_exports
from auth.audit_seal import export_heads
from storage.audit_tree import list_heads

_SECONDS = 10


class NotCarried(SettingsError):
    """The heads could not be sent to {url}: {reason}."""


class OtherLog(SettingsError):
    """{path} holds a head of {org} that is not in its log: nothing is added to it; run `audit verify`."""


async def add_to_file(connection: asyncpg.Connection, org_id: UUID, path: Path) -> int:
    """Add to a file the heads of an org that it lacks, and return how many. Raises OtherLog, KeyFileError."""
    there = read_exports(path) if path.exists() else ()  # noqa: ASYNC240 - a command has nothing else to do
    known = [each.head for each in there if each.head.org_id == org_id]
    above = 0
    if known:
        last = max(known, key=lambda head: head.size)
        above = last.size
        found = await list_heads(connection, org_id, above - 1)
        if not found or (found[0].size, found[0].root) != (last.size, last.root):
            raise OtherLog((OtherLog.__doc__ or "").format(path=path, org=org_id))
    exported = await export_heads(connection, org_id, above)
    try:
        with path.open("ab") as file:
            file.write(b"".join(each.line() for each in exported))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from None
    return len(exported)


def send(url: str, exported: Sequence[ExportedHead]) -> None:
    """Post heads to an address, each as one JSON object. Raises NotCarried."""
    for each in exported:
        try:
            answer = requests.post(
                url, data=each.line(), headers={"Content-Type": "application/json"}, timeout=_SECONDS,
                allow_redirects=False,
            )  # fmt: skip
            taken = answer.status_code // 100 == 2  # noqa: PLR2004 - of the kind that succeeds
            reason = None if taken else f"HTTP {answer.status_code}"
        except requests.RequestException as error:
            reason = type(error).__name__
        if reason is not None:
            raise NotCarried((NotCarried.__doc__ or "").format(url=url, reason=reason))


def require_secure(url: str | None) -> None:
    """Refuse an address that carries heads in the clear. Raises SettingsError."""
    if url is not None and not is_secure(url):
        raise SettingsError("--webhook must be https (or http of this machine)")
