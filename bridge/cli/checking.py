"""``check``: looks at everything that the bridge stands on, one line a check.

Knows what to look at and in which order; a check that cannot be made says why.
"""

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

from rich.text import Text

from bridge.cli.check_database import checked_database
from bridge.cli.configuration import mapping_mistakes
from bridge.cli.terminal import LEFT_BY_PROBE, NO_CLIENT, say
from bridge.connect import ends_soon, grant_told, missing_roles
from bridge.directory import ROLES_HIDDEN, shows_roles
from bridge.errors import BridgeError
from bridge.goto import NO_GRANT, Administrator, Grant
from bridge.mapping import Mapping, hourly_limit, limit_in_words, load_mapping
from bridge.operations import set_up_logs
from bridge.rooms import Rooms, open_rooms
from bridge.settings import Settings
from bridge.store import StoreUnavailable, probed_in_words

Outcome = Literal["ok", "warning", "FAILED", "skipped"]

STYLES: dict[Outcome, str] = {
    "ok": "green",
    "warning": "yellow",
    "FAILED": "bold red",
    "skipped": "dim",
}
CONNECT_AGAIN = "run `goto-scim-bridge connect`"
OUTCOME_COLUMN, NAME_COLUMN = 8, 9


@dataclass
class Report:
    """Writes what each check found, and remembers whether one failed."""

    failed: bool = False

    def tell(self, outcome: Outcome, name: str, text: str) -> None:
        """Write one line."""
        self.failed = self.failed or outcome == "FAILED"
        styled = Text(outcome.ljust(OUTCOME_COLUMN), style=STYLES[outcome])
        say(styled, name.ljust(NAME_COLUMN), text)

    def skip(self, *names: str, because: str) -> None:
        """Write one line for each check that cannot be made."""
        for name in names:
            self.tell("skipped", name, f"because {because}")


async def check(settings: Settings) -> bool:
    """Make every check and write what it found; True where none failed."""
    set_up_logs("warning", settings.log_format)
    report = Report()
    report.tell("ok", "settings", "every setting can be used")
    for warning in settings.warnings:
        report.tell("warning", "settings", warning)
    mapping = _check_mapping(settings, report)
    async with AsyncExitStack() as stack:
        try:
            database = await stack.enter_async_context(checked_database(settings))
            rooms = await stack.enter_async_context(
                open_rooms(database.settings, mapping, migrates=database.is_empty)
            )
        except BridgeError as error:
            report.tell("FAILED", "database", error.detail)
            because = "the database cannot be used, and it may hold the grant"
            skipped = ("GoTo", "grant", "account", "rights", "limit", "probe", "clients")
            report.skip(*skipped, because=because)
            return not report.failed
        report.tell("ok", "database", database.text)
        grant = rooms.tokens.grant
        if database.is_empty and grant.kind == "refresh_token" and grant.secret:
            # GoTo may answer with a new refresh token that ends this one.
            because = "a refresh token that GoTo may replace needs a database to be kept in: start "
            because += "the bridge once, or run `goto-scim-bridge connect`"
            report.skip("GoTo", "grant", "account", "rights", "limit", "probe", because=because)
        else:
            await _check_goto(rooms, settings, mapping, report)
        await _check_clients(rooms, settings, report)
    return not report.failed


def _check_mapping(settings: Settings, report: Report) -> Mapping:
    mistakes = mapping_mistakes(settings.mapping)
    for mistake in mistakes:
        report.tell("FAILED", "mapping", mistake)
    # The other checks need some mapping, but do not hang on what it says.
    mapping = load_mapping(None if mistakes else settings.mapping)
    if not mistakes:
        report.tell("ok", "mapping", f"{mapping.path} can be used")
    return mapping


async def _check_goto(rooms: Rooms, settings: Settings, mapping: Mapping, report: Report) -> None:
    if not rooms.tokens.grant.secret:
        report.skip("GoTo", because="there is no grant to ask it with")
        report.tell("FAILED", "grant", NO_GRANT)
        report.skip("account", "rights", "limit", "probe", because="there is no grant")
        return
    try:
        await rooms.tokens.token()
    except BridgeError as error:
        report.tell("FAILED", "GoTo", error.detail)
        because = "GoTo gave no access token"
        report.skip("grant", "account", "rights", "limit", "probe", because=because)
        return
    report.tell("ok", "GoTo", f"{settings.goto_auth_url} gave an access token")
    _check_grant(rooms.tokens.grant, report)
    try:
        administrator = await rooms.goto.connect(chosen=rooms.tokens.grant.account_key)
    except BridgeError as error:
        report.tell("FAILED", "account", error.detail)
        report.skip("rights", "limit", "probe", because="the account is not known")
        return
    key = rooms.goto.account_key
    name = dict(administrator.accounts).get(key) or administrator.account_name or "without a name"
    report.tell("ok", "account", f"{name} ({key}), as {administrator.email}")
    _check_rights(administrator, report)
    await _check_visible_roles(rooms, administrator, report)
    await _check_limit(rooms, mapping, report)
    await _check_probe(rooms, report)


async def _check_limit(rooms: Rooms, mapping: Mapping, report: Report) -> None:
    limit = mapping.destructive_per_hour
    try:
        users = await rooms.goto.user_count()
    except BridgeError as error:
        report.tell("FAILED", "limit", error.detail)
        return
    report.tell(
        "ok",
        "limit",
        f"{hourly_limit(limit, users=users)} suspensions and deletions of users in an hour "
        f"(limits.destructive_per_hour = {limit_in_words(limit)}; the account has {users} users)",
    )


async def _check_probe(rooms: Rooms, report: Report) -> None:
    key = rooms.goto.account_key
    try:
        findings = await rooms.store.findings.of(key)
        left = await rooms.store.probe_objects.of(key)
    except StoreUnavailable:
        report.skip("probe", because="the next start has yet to move the schema")
        return
    told = probed_in_words(findings.values())
    report.tell("ok", "probe", told if findings else f"{told}: run `goto-scim-bridge probe`")
    for each in left:
        report.tell("warning", "probe", LEFT_BY_PROBE.format(each))


def _check_grant(grant: Grant, report: Report) -> None:
    now = time.time()
    told = grant_told(grant, now)
    if ends_soon(grant, now):
        report.tell("warning", "grant", f"{told}; unless GoTo renews it in time, {CONNECT_AGAIN}")
    else:
        report.tell("ok", "grant", told)


def _check_rights(administrator: Administrator, report: Report) -> None:
    has = ", ".join(administrator.admin_roles) or "no role"
    missing = missing_roles(administrator.admin_roles)
    if not missing:
        report.tell("ok", "rights", f"the administrator has {has}")
    else:
        report.tell(
            "FAILED",
            "rights",
            f"the administrator has {has}; missing: {', '.join(missing)}. Give them in GoTo's "
            "console, or connect the bridge as another administrator.",
        )


async def _check_visible_roles(rooms: Rooms, administrator: Administrator, report: Report) -> None:
    """Compare the roles of ``/me`` with those that the administrator's own record shows."""
    try:
        record = await rooms.goto.user(administrator.key)
    except BridgeError:
        # Nothing can be compared: the administrator may be in another account.
        return
    if administrator.admin_roles and not shows_roles(record):
        report.tell("warning", "rights", ROLES_HIDDEN)


async def _check_clients(rooms: Rooms, settings: Settings, report: Report) -> None:
    clients = await rooms.store.client_tokens()
    live = sum(client.revoked_at is None for client in clients)
    counted = f"{live} client token{'' if live == 1 else 's'} in the database"
    if settings.token:
        report.tell("ok", "clients", f"{counted}, and the one of BRIDGE_TOKEN")
    elif live:
        report.tell("ok", "clients", counted)
    else:
        report.tell("warning", "clients", NO_CLIENT)
