"""`contract-graph keys ... --org`: the keys that encrypt the personal values of one org."""

from __future__ import annotations

import argparse
import getpass
import sys

import asyncpg

from api.installation import open_vault, sealer
from api.settings import Settings, SettingsError
from auth.crypto import kid_of
from auth.resealing import reseal as reseal_values
from auth.secrets import rewrap_secrets
from auth.vault import rewrap as rewrap_keys
from auth.vault import shred as destroy
from storage import data_keys
from storage.orgs import find_org
from storage.sealed_rows import sealed_tables
from storage.tenancy import bind_org

DAMAGED = 1


async def rotate_data_keys(
    connection: asyncpg.Connection, settings: Settings, arguments: argparse.Namespace
) -> int:
    """Let new keys encrypt what is written from now on."""
    if arguments.stolen:
        raise SettingsError("--stolen is for keys that sign; after `keys rotate --org` run `keys reseal`")
    org = await find_org(connection, arguments.org)
    async with connection.transaction():
        await bind_org(connection, org.id)
        vault = await open_vault(connection, settings)
        tables = await vault.rotate(connection, org.id, getpass.getuser())
    print(f"new keys encrypt the personal values of {org.name} from now on: of {', '.join(tables)}")
    print("the old ones open on; `contract-graph keys reseal` encrypts anew what they encrypted")
    return 0


async def list_data_keys(connection: asyncpg.Connection, arguments: argparse.Namespace) -> int:
    """Show which keys there are and were, who made them, and who destroyed them."""
    org = await find_org(connection, arguments.org)
    async with connection.transaction():
        await bind_org(connection, org.id)
        keys = await data_keys.load(connection, org.id)
    newest = {each.table_name: each for each in keys if each.wrapped is not None}
    for each in keys:
        use = each.table_name or "blind indexes"
        state = "encrypts" if newest.get(each.table_name) is each else "opens"
        if each.shredded_at is not None:
            state = f"destroyed {each.shredded_at:%Y-%m-%d %H:%M} UTC ({each.shredded_by})"
        print(f"{each.kid}  {use}  {state}  made {each.made_at:%Y-%m-%d %H:%M} UTC ({each.made_by})")
        if each.wrapped is not None:
            print(f"    encrypted by {kid_of(each.wrapped)}")
    if not keys:
        print(f"{org.name} has no personal values yet, and no keys for them")
    return 0


async def reseal(connection: asyncpg.Connection, settings: Settings, arguments: argparse.Namespace) -> int:
    """Encrypt under the newest keys what older ones encrypted; readers and writers go on."""
    org = await find_org(connection, arguments.org)
    done = await reseal_values(connection, org.id, await open_vault(connection, settings))
    print(f"{done.values} personal values of {org.name} were encrypted anew")
    for damaged in done.damaged:
        print(f"left as it is: {damaged}", file=sys.stderr)
    return DAMAGED if done.damaged else 0


async def rewrap(connection: asyncpg.Connection, settings: Settings, arguments: argparse.Namespace) -> int:
    """Encrypt keys and secrets under the first of the key-encryption keys; the values stay as they are."""
    org = await find_org(connection, arguments.org)
    await open_vault(connection, settings)
    sealed = sealer(settings)
    async with connection.transaction():
        await bind_org(connection, org.id)
        count = await rewrap_keys(connection, org.id, sealed)
        secrets = await rewrap_secrets(connection, org.id, sealed)
    print(f"{count} keys of {org.name} were encrypted anew, under {sealed.kid}")
    print(f"{secrets} secrets of its connections were encrypted anew")
    return 0


async def shred(connection: asyncpg.Connection, _: Settings, arguments: argparse.Namespace) -> int:
    """Destroy every key of an org's personal values."""
    org = await find_org(connection, arguments.org)
    if not arguments.yes:
        raise SettingsError(f"nobody could read the personal values of {org.name} again: say --yes to do it")
    async with connection.transaction():
        await bind_org(connection, org.id)
        destroyed = await destroy(connection, org.id, getpass.getuser())
    # What an update leaves behind in a table is there until it is vacuumed.
    for table in ("data_key", *sealed_tables()):
        await connection.execute(f'VACUUM "{table}"')
    print(f"{destroyed} keys of {org.name} were destroyed; running workers forget them within five minutes")
    print("backups made before still hold them, encrypted: destroy those, or their key-encryption key, too")
    return 0
