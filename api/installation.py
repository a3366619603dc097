"""Where the data lie: in the operator's database, or in the embedded one, started when needed."""

from __future__ import annotations

from dataclasses import dataclass

from api.settings import Settings, SettingsError
from storage import migrate
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE


@dataclass(frozen=True, slots=True)
class Installation:
    """The two ways into the database: as the application, and as the owner of the tables."""

    url: str
    owner_url: str


def open_installation(settings: Settings) -> Installation:
    """Find the database, starting the embedded one if it is ours. Raises SettingsError, EmbeddedError."""
    if settings.database_url is None:
        cluster = Cluster(settings.home, settings.pg_bindir)
        cluster.start()
        return Installation(cluster.dsn(READ_WRITE), cluster.dsn(OWNER))
    if settings.owner_url is None:
        raise SettingsError(
            "DATABASE_URL is set, so DATABASE_OWNER_URL must name the owner of the tables for this command"
        )
    return Installation(settings.database_url, settings.owner_url)


async def migrated(installation: Installation) -> list[str]:
    """Bring the database to the latest revision, and return those that were run."""
    return await migrate.upgrade(installation.owner_url)
