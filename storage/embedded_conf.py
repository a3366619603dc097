"""The configuration files of the embedded server, written anew at each start."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from storage.service_user import ServiceUser

PORT = 5432
NOTHING_KEPT = ":"
"""The archive command of a cluster without an archive: an empty one would keep WAL for ever."""

ARCHIVED_AFTER = "60s"
"""How much a lost disk takes along at most: WAL goes to the archive when a segment is full, or after this."""

# No TCP, and a socket in a folder that only the service user (and root) can enter: whoever can reach the
# socket already owns the files behind it, so a password would protect nothing.
_HBA = "local all all trust\nlocal replication all trust\n"

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_level": "replica",
    "wal_compression": "on",
    # On from the first start, for it takes another to change it; until there is an archive, nothing is kept.
    "archive_mode": "on",
    "archive_command": NOTHING_KEPT,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # The log holds what the server does, never what the statements say: messages of failed statements
    # quote values (invalid input syntax ... "x"), so they go to the client and not into the log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def write_configuration(
    data: Path, sockets: Path, user: ServiceUser, archive_command: str | None, *, durable: bool
) -> bool:
    """Write app.conf and pg_hba.conf into `data`; the answer says whether anything differed from before."""
    settings = _SETTINGS | {"unix_socket_directories": str(sockets)} | ({} if durable else _NOT_DURABLE)
    if archive_command is not None:
        settings |= {"archive_command": archive_command, "archive_timeout": ARCHIVED_AFTER}
    lines = [assignment(name, value) for name, value in settings.items()]
    hba = replace_file(data / "pg_hba.conf", _HBA, user)
    return replace_file(data / "app.conf", "".join(lines), user) or hba


def assignment(name: str, value: str) -> str:
    """Give the line of a configuration file that sets `name`."""
    quoted = value.replace("'", "''")
    return f"{name} = '{quoted}'\n"


def include_configuration(data: Path, user: ServiceUser) -> None:
    """Make a cluster fresh from initdb read app.conf."""
    main = data / "postgresql.conf"
    replace_file(main, main.read_text(encoding="utf-8") + "\ninclude_if_exists = 'app.conf'\n", user)


def replace_file(path: Path, text: str, user: ServiceUser) -> bool:
    """Give a file of the service user's folder this text; the answer says whether it had another."""
    # By rename, because `path` lies in a folder of the service user: root writing through a link planted
    # there would overwrite any file of the system. And because a crash must not leave half a file.
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    number, draft = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        user.own(Path(draft))
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return True
