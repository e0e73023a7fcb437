"""``connect``: asks an administrator for a grant, shows what came of it, and stores it.

Knows the terminal: what is printed, what is read, who can be asked. How a consent goes is known in
``bridge.connect``. A personal access token is read without being shown.
"""

import asyncio
import getpass
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import typer

from bridge.cli.terminal import complain, label, say
from bridge.connect import (
    LOOPBACK,
    PATH,
    USUAL_PORT,
    Account,
    Connection,
    ConsentRefused,
    Grants,
    ask_consent,
    check_client,
    choose_account,
    connect_with_code,
    connect_with_pat,
    grant_told,
    listen_for_redirect,
    read_pasted,
)
from bridge.errors import BridgeError, GoToError
from bridge.operations import set_up_logs
from bridge.rooms import open_store
from bridge.settings import Settings

WIDTH = 10
LISTENED_AT = (LOOPBACK, "localhost")
OPEN = "Open this address in a browser, as an administrator of the GoTo account, and allow:"
REGISTER = "It is an address that the OAuth client at GoTo has to know: see docs/goto.md."
PAT_WINS = (
    "BRIDGE_GOTO_PAT is set, and goes before the grant that is stored: take it out for this "
    "grant to be used."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the options say; ``port`` is that of the listener, None for the usual one."""

    paste: bool = False
    pat: bool = False
    port: int | None = None
    redirect_uri: str | None = None


def connect(settings: Settings, wanted: Wanted) -> bool:
    """Get a grant and store it. False where GoTo or the administrator said no, or nobody answered.

    Raises ``BridgeError`` where something has to be set first.
    """
    set_up_logs("warning", settings.log_format)
    check_client(settings)
    asyncio.run(_see_that_it_can_be_stored(settings))
    try:
        connection = _connection(settings, wanted)
        account = choose_account(
            connection,
            configured=settings.goto_account_key,
            choose=_choose if sys.stdin.isatty() else None,
        )
        _show(connection, account)
    except (ConsentRefused, GoToError) as refusal:
        complain(refusal.detail)
        return False
    asyncio.run(_store(settings, connection.of(account)))
    say()
    say("The grant is stored. A bridge that runs on the same database takes it up within seconds.")
    if settings.goto_pat is not None:
        complain(PAT_WINS)
    return True


def _connection(settings: Settings, wanted: Wanted) -> Connection:
    if wanted.pat:
        return asyncio.run(connect_with_pat(settings, _read_pat()))
    if wanted.paste:
        return _by_paste(settings, wanted)
    return asyncio.run(_by_redirect(settings, wanted))


async def _by_redirect(settings: Settings, wanted: Wanted) -> Connection:
    port, path = wanted.port, PATH
    if wanted.redirect_uri is not None:
        parts = urlsplit(_checked(wanted.redirect_uri))
        if parts.scheme != "http" or parts.hostname not in LISTENED_AT:
            raise BridgeError(
                f"--redirect-uri: {wanted.redirect_uri} is not on this machine, so nobody listens "
                "there: use --paste with it."
            )
        port, path = port or parts.port or 80, parts.path or "/"
    opening = listen_for_redirect(port=port, path=path, redirect_uri=wanted.redirect_uri)
    async with opening as listener:
        consent = ask_consent(
            settings.goto_auth_url,
            client_id=settings.goto_client_id or "",
            redirect_uri=listener.redirect_uri,
        )
        _show_address(consent.url)
        say(f"Waiting for the browser at {listener.redirect_uri} (Ctrl-C gives up).")
        say(REGISTER)
        code = await listener.code(consent)
        connection = await connect_with_code(settings, code, consent)
        listener.worked()
        return connection


def _by_paste(settings: Settings, wanted: Wanted) -> Connection:
    here = f"http://{LOOPBACK}:{wanted.port or USUAL_PORT}{PATH}"
    consent = ask_consent(
        settings.goto_auth_url,
        client_id=settings.goto_client_id or "",
        redirect_uri=_checked(wanted.redirect_uri) if wanted.redirect_uri else here,
    )
    _show_address(consent.url)
    say(f"The browser ends at {consent.redirect_uri}, which may well show an error.")
    say(REGISTER)
    say("Paste the whole address that it then shows, or the code in it, and press Enter:")
    code = read_pasted(sys.stdin.readline(), consent)
    return asyncio.run(connect_with_code(settings, code, consent))


def _checked(redirect_uri: str) -> str:
    try:
        parts = urlsplit(redirect_uri)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        usable = False
    if not usable or parts.query or parts.fragment:
        raise BridgeError(
            "--redirect-uri: must be a URL with http:// or https://, without a query."
        )
    return redirect_uri


def _show_address(url: str) -> None:
    say(OPEN)
    say()
    say(url)
    say()


def _read_pat() -> str:
    if sys.stdin.isatty():
        token = getpass.getpass("Personal access token (not shown): ").strip()
    else:
        token = sys.stdin.readline().strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise BridgeError("--pat: no personal access token was read; it is ASCII without blanks.")
    return token


def _choose(accounts: Sequence[Account]) -> Account:
    say("The administrator belongs to several accounts:")
    for number, account in enumerate(accounts, 1):
        say(f"{number:3}  {account.name or 'without a name'} ({account.key})")
    highest = len(accounts)
    while not 1 <= (number := typer.prompt("Which one is the bridge for", type=int)) <= highest:
        complain(f"A number from 1 to {highest}, please.")
    return accounts[number - 1]


def _show(connection: Connection, account: Account) -> None:
    grant, roles = connection.grant, connection.administrator.admin_roles
    missing = connection.missing_roles
    say()
    _line("principal", grant.principal or "GoTo does not tell")
    _line("account", f"{account.name or 'without a name'} ({account.key})")
    _line("scopes", grant.scope or "GoTo does not tell")
    _line("roles", ", ".join(roles) or "none")
    _line("missing", ", ".join(missing) or "none")
    _line("grant", grant_told(grant, time.time()))
    if missing:
        complain("Give the administrator the missing roles in GoTo's console: see docs/goto.md.")
    if connection.lacks_scope:
        complain("The scope `identity:` was not granted: give it to the OAuth client at GoTo.")


def _line(name: str, text: str) -> None:
    say(label(name, width=WIDTH), text)


async def _see_that_it_can_be_stored(settings: Settings) -> None:
    async with open_store(settings) as (store, _):
        await store.ping()


async def _store(settings: Settings, connection: Connection) -> None:
    async with open_store(settings) as (store, _):
        await Grants(settings, store).put(connection.grant)
