"""A new grant, tried out: from a code or a personal access token to who is behind it.

Knows the order of the steps: exchange, ask GoTo who the administrator is, choose the account.
Stores nothing and writes nothing to a terminal; an account is chosen by whoever can be asked.
"""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bridge.connect.consent import Code, Consent
from bridge.connect.rights import lacks_scope, missing_roles
from bridge.errors import BridgeError, GoToUnreadable, GrantRefused
from bridge.goto import (
    AccessTokens,
    Administrator,
    GoToClient,
    Grant,
    Throttle,
    TokenEndpoint,
    open_http,
    redeem_code,
)
from bridge.settings import Settings, SettingsError

A_CODE = "A code works once, for some minutes, and only with the redirect address it was asked for."


@dataclass(frozen=True)
class Account:
    """A GoTo account that the administrator belongs to."""

    key: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A grant that works, and the administrator behind it."""

    grant: Grant
    administrator: Administrator

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts to choose from."""
        who = self.administrator
        return tuple(Account(*each) for each in who.accounts) or (
            Account(who.account_key, who.account_name),
        )

    @property
    def missing_roles(self) -> tuple[str, ...]:
        """The roles that the bridge needs and the administrator has not."""
        return missing_roles(self.administrator.admin_roles)

    @property
    def lacks_scope(self) -> bool:
        """Whether the grant does not reach the Admin API."""
        return lacks_scope(self.grant.scope)

    def of(self, account: Account) -> "Connection":
        """The connection with this account remembered in its grant."""
        return replace(self, grant=replace(self.grant, account_key=account.key))


class AccountUnclear(BridgeError):
    """Which of several accounts is meant was not said, or is none of them."""


def check_client(settings: Settings) -> None:
    """Raise ``SettingsError`` where the OAuth client is not configured: one line each."""
    missing = [
        f"BRIDGE_GOTO_{name} is not set: it is the OAuth client's, made at GoTo (docs/goto.md)."
        for name, value in (
            ("CLIENT_ID", settings.goto_client_id),
            ("CLIENT_SECRET", settings.goto_client_secret),
        )
        if not value
    ]
    if missing:
        raise SettingsError(missing)


async def connect_with_code(settings: Settings, code: Code, consent: Consent) -> Connection:
    """Redeem a code and try the grant. Raises ``GoToError``; ``GrantRefused`` for a spent code."""
    async with open_http(settings.goto_auth_url) as http:
        endpoint = TokenEndpoint(
            http,
            auth_url=settings.goto_auth_url,
            client_id=settings.goto_client_id or "",
            client_secret=_client_secret(settings),
        )
        try:
            grant = await redeem_code(
                endpoint,
                code=code.value,
                redirect_uri=consent.redirect_uri,
                verifier=consent.verifier,
            )
        except GrantRefused as refusal:
            raise GrantRefused(f"{refusal.detail} {A_CODE}") from None
    return await try_grant(settings, grant)


async def connect_with_pat(settings: Settings, token: str) -> Connection:
    """Try a personal access token. Raises ``GoToError``; ``GrantRefused`` for a wrong one."""
    return await try_grant(settings, Grant(kind="pat", secret=token, obtained_at=datetime.now(UTC)))


async def try_grant(settings: Settings, grant: Grant) -> Connection:
    """Exchange a grant for an access token, and ask GoTo who is behind it (``GET /me``)."""

    async def nowhere(_: Grant) -> None:
        return None

    async with AsyncExitStack() as stack:
        oauth = await stack.enter_async_context(open_http(settings.goto_auth_url))
        api = await stack.enter_async_context(open_http(settings.goto_api_url))
        tokens = AccessTokens(
            oauth,
            auth_url=settings.goto_auth_url,
            client_id=settings.goto_client_id or "",
            client_secret=_client_secret(settings),
            grant=grant,
            store=nowhere,
        )
        throttle = Throttle(settings.goto_rate_limit)
        administrator = await GoToClient(api, grant=tokens, throttle=throttle).me()
        tried = tokens.grant
    named = replace(
        tried,
        principal=tried.principal or administrator.email,
        administrator_key=administrator.key,
    )
    return Connection(grant=named, administrator=administrator)


def choose_account(
    connection: Connection,
    *,
    configured: str | None,
    choose: Callable[[Sequence[Account]], Account] | None,
) -> Account:
    """The account that is configured, else the only one, else what ``choose`` gives.

    ``choose`` is None where nobody can be asked. Raises ``AccountUnclear``, which names
    BRIDGE_GOTO_ACCOUNT_KEY.
    """
    accounts = connection.accounts
    keys = ", ".join(account.key for account in accounts)
    if configured:
        own = Account(connection.administrator.account_key, connection.administrator.account_name)
        for account in (*accounts, own):
            if account.key == configured:
                return account
        raise AccountUnclear(
            f"BRIDGE_GOTO_ACCOUNT_KEY is {configured}, which is no account of this administrator: "
            f"set it to one of {keys}."
        )
    if not keys:
        raise GoToUnreadable("GoTo does not say which account the administrator belongs to.")
    if len(accounts) == 1:
        return accounts[0]
    if choose is None:
        raise AccountUnclear(
            "The administrator belongs to several accounts, and there is no terminal to ask at: "
            f"set BRIDGE_GOTO_ACCOUNT_KEY to one of {keys}."
        )
    return choose(accounts)


def _client_secret(settings: Settings) -> str:
    secret = settings.goto_client_secret
    return secret.get_secret_value() if secret else ""
