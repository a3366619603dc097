"""`contract-graph clients`: the programs that may ask for tokens."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg

from api.commands.org_work import in_org
from api.commands.policy_source import policy_with
from api.settings import Settings, SettingsError
from auth.oauth.assertion import (
    ALGORITHMS,
    CLIENT_ALGORITHMS,
    SALESFORCE_ALGORITHMS,
    UnusableCertificate,
    check_proof,
)
from auth.oauth.client import (
    RegisteredClient,
    UnusableAddress,
    client_id_of,
    new_client,
    new_key_client,
    new_public_client,
    new_secret,
    new_trust,
    read_client_id,
    secret_hash,
)
from auth.revocation import Holder, revoke_all
from auth.scopes import SCOPES, VOUCHED
from domain.org import Org
from storage.oauth_clients import (
    OAuthClient,
    UnknownClient,
    add_client,
    disable_client,
    list_clients,
    replace_secret,
    set_scopes,
)

Action = Callable[..., Awaitable[None]]

LONGEST_NAME = 100


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `clients add|trust|public|scopes|rotate|disable|list`."""
    actions = subparsers.add_parser("clients", help="programs that may ask for tokens").add_subparsers(
        dest="action", required=True
    )
    adding = _action(actions, "add", "register a client, and show its secret once", _add)
    adding.add_argument("--name", required=True, help="what people call it")
    adding.add_argument("--role", required=True, action="append", help="role of the policy; may be repeated")
    adding.add_argument(
        "--exchange", action="store_true", help="it may exchange tokens of Salesforce (RFC 8693)"
    )
    adding.add_argument(
        "--public-key",
        action="append",
        type=Path,
        help="PEM file: the client signs (private_key_jwt), without secret",
    )
    trusting = _action(actions, "trust", "let a Salesforce org vouch for its users, by certificate", _trust)
    trusting.add_argument("--name", required=True, help="what people call it")
    trusting.add_argument(
        "--certificate",
        required=True,
        action="append",
        type=Path,
        help="PEM file; two while one replaces another",
    )
    trusting.add_argument(
        "--algorithm", action="append", choices=sorted(ALGORITHMS),
        help=f"what it signs with; {' and '.join(SALESFORCE_ALGORITHMS)} unless said",
    )  # fmt: skip
    public = _action(actions, "public", "register a client for people who sign in in a browser", _public)
    public.add_argument("--name", required=True, help="what people call it")
    public.add_argument(
        "--redirect-uri", required=True, action="append", help="where people come back to; may be repeated"
    )
    for registering in (adding, trusting, public):
        _take_scopes(registering)
    scopes = _action(actions, "scopes", "say what a client may ask for from now on", _scopes)
    scopes.add_argument("client_id", help="as `clients list` shows it")
    _take_scopes(scopes, required=True)
    for name, help_, action in (
        ("rotate", "give a client a new secret, shown once; the old one stops at once", _rotate),
        ("disable", "let a client get no more tokens, for good", _disable),
    ):
        _action(actions, name, help_, action).add_argument("client_id", help="as `clients list` shows it")
    _action(actions, "list", "show the clients of an org", _list)


def _take_scopes(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    parser.add_argument(
        "--scope", action="append", choices=SCOPES, required=required, default=None if required else [],
        help="what its tokens may be used for, and no more; may be repeated"
        + ("" if required else f"; all unless said, and {' and '.join(VOUCHED)} of an org that vouches"),
    )  # fmt: skip


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_)
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.set_defaults(run=_run, act=action)
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    name = getattr(arguments, "name", "unnamed")
    if not (name.isprintable() and 0 < len(name.strip()) <= LONGEST_NAME):
        raise SettingsError(f"--name is a line of 1 to {LONGEST_NAME} characters")
    in_org(settings, arguments.org, partial(arguments.act, arguments=arguments))
    return 0


async def _add(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    await policy_with(connection, arguments.role)
    if arguments.public_key:
        keys = [_read(path) for path in arguments.public_key]
        signing = new_key_client(
            org.id, arguments.name.strip(), public_keys=keys, algorithms=CLIENT_ALGORITHMS,
            roles=frozenset(arguments.role), now=_now(),
        )  # fmt: skip
        await add_client(connection, _as_said(signing, arguments))
        print(f"client_id  {client_id_of(signing)}\nIt authenticates by private_key_jwt.")
        return
    client, secret = new_client(org.id, arguments.name.strip(), frozenset(arguments.role), _now())
    await add_client(connection, _as_said(client, arguments))
    _show_secret(client_id_of(client), secret)


async def _trust(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    certificates = [_read(path) for path in arguments.certificate]
    algorithms = arguments.algorithm or SALESFORCE_ALGORITHMS
    client = new_trust(org.id, arguments.name.strip(), certificates, algorithms, _now())
    await add_client(connection, _as_said(client, arguments))
    print(f"issuer  {client_id_of(client)}")
    print("Let the External Credential sign with iss set to it, and with sub set to {!$User.Id}.")


async def _public(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    try:
        client = new_public_client(org.id, arguments.name.strip(), arguments.redirect_uri, _now())
    except UnusableAddress as error:
        raise SettingsError(f"--redirect-uri {error}") from None
    await add_client(connection, _as_said(client, arguments))
    print(f"client_id  {client_id_of(client)}\nIt has no secret: it proves itself by PKCE.")


def _as_said(client: OAuthClient, arguments: argparse.Namespace) -> OAuthClient:
    exchanges = getattr(arguments, "exchange", False)
    return replace(client, exchanges=exchanges, scopes=tuple(dict.fromkeys(arguments.scope)))


async def _scopes(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    scopes = tuple(dict.fromkeys(arguments.scope))
    await set_scopes(connection, org.id, _record(arguments.client_id, org), scopes)
    print(
        f"{arguments.client_id} may ask for {' '.join(scopes)}; its tokens keep what they have until they end"
    )


def _read(path: Path) -> str:
    try:
        content = path.read_text(encoding="ascii")
        check_proof(content)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        why = error if isinstance(error, UnusableCertificate) else "it is no text of ASCII"
        raise SettingsError(f"{path} cannot be trusted: {why}") from None
    return content


async def _rotate(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    secret = new_secret()
    await replace_secret(connection, org.id, _record(arguments.client_id, org), secret_hash(secret), _now())
    _show_secret(arguments.client_id, secret)


async def _disable(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    await disable_client(connection, org.id, _record(arguments.client_id, org), _now())
    await revoke_all(connection, org.id, Holder.CLIENT, arguments.client_id)
    print(f"{arguments.client_id} gets no more tokens; those that it has end within seconds")


async def _list(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    del arguments
    clients = await list_clients(connection, org.id)
    if not clients:
        print(f"{org.name} has no clients: `contract-graph clients add` registers one")
    for client in clients:
        scopes = " ".join(RegisteredClient(client_id_of(client), client).scopes)
        print(f"{client_id_of(client)}  {client.name}\n    {_state(client)}; {_what(client)}; {scopes}")


def _record(client_id: str, org: Org) -> UUID:
    org_id, record_id = read_client_id(client_id) or (None, None)
    if org_id != org.id or record_id is None:
        raise UnknownClient((UnknownClient.__doc__ or "").format(id=client_id))
    return record_id


def _what(client: OAuthClient) -> str:
    if client.redirect_uris:
        return f"signs people in: {', '.join(client.redirect_uris)}"
    if not client.certificates:
        exchanges = "; exchanges tokens" if client.exchanges else ""
        return f"roles: {', '.join(sorted(client.roles))}{exchanges}"
    ends = min(check_proof(pem).ends for pem in client.certificates)
    return f"vouches for users, {', '.join(client.algorithms)}; first certificate ends {ends:%Y-%m-%d}"


def _state(client: OAuthClient) -> str:
    if client.disabled_at:
        return f"disabled {client.disabled_at:%Y-%m-%d %H:%M} UTC"
    used = f"last used {client.last_used_at:%Y-%m-%d %H:%M} UTC" if client.last_used_at else "never used"
    since = "secret of" if client.secret_hash else "registered"
    return f"{since} {client.rotated_at or client.created_at:%Y-%m-%d}, {used}"


def _show_secret(client_id: str, secret: str) -> None:
    print(f"client_id      {client_id}\nclient_secret  {secret}\nThe secret is not shown again.")


def _now() -> datetime:
    return datetime.now(UTC)
