"""Opens the rooms below the SCIM face, in order, and closes them again. Knows no HTTP of its own.

What is opened here is what ``check`` looks at and what the service stands on.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import structlog

from bridge.connect import Grants
from bridge.directory import Directory
from bridge.errors import BridgeError
from bridge.goto import AccessTokens, Breaker, GoToClient, Outcome, Paged, Throttle, open_http
from bridge.mapping import Mapping
from bridge.settings import Settings
from bridge.store import Sealer, Store, secret_keys

log = structlog.get_logger(__name__)


class Rooms:
    """The rooms of a bridge that is open.

    ``goto`` and ``directory`` are those of one administrator and account: others take their place
    when the bridge is connected as somebody else.
    """

    def __init__(
        self,
        settings: Settings,
        mapping: Mapping,
        *,
        store: Store,
        sealer: Sealer,
        tokens: AccessTokens,
        api: httpx.AsyncClient,
        contended: Callable[[], object],
        members_ignored: Callable[[int], object],
        dropped: Callable[[], object],
        paged: Paged,
    ) -> None:
        self.store = store
        self.sealer = sealer
        self.tokens = tokens
        self._settings = settings
        self._mapping = mapping
        self._api = api
        self._contended = contended
        self._members_ignored = members_ignored
        self._dropped = dropped
        self._paged = paged
        self._throttle = Throttle(settings.goto_rate_limit)
        self.breaker = Breaker()
        self._behind: tuple[str, str] | None = None
        self._open_account()

    def _open_account(self) -> None:
        self._behind = None
        self.goto = GoToClient(
            self._api,
            grant=self.tokens,
            throttle=self._throttle,
            breaker=self.breaker,
            account_key=self._settings.goto_account_key,
            paged=self._paged,
        )
        self.directory = Directory(
            self.goto,
            self.store,
            self._mapping,
            connect=self._connect,
            max_age=self._settings.snapshot_max_age,
            verify_writes=self._settings.verify_writes,
            contended=self._contended,
            members_ignored=self._members_ignored,
            dropped=self._dropped,
        )

    async def _connect(self) -> str:
        goto = self.goto
        await self.tokens.token()
        administrator = await goto.connect(chosen=self.tokens.grant.account_key)
        self._behind = (administrator.key, goto.account_key)
        return administrator.key

    async def follow_the_grant(self) -> None:
        """Open the account anew where the grant is now another administrator's, or account's."""
        grant = self.tokens.grant
        if self._behind is None or not grant.administrator_key:
            return
        account_key = self._settings.goto_account_key or grant.account_key or self._behind[1]
        if self._behind == (grant.administrator_key, account_key):
            return
        before = self.directory
        self._open_account()
        log.warning("connected as another administrator or account", account=account_key)
        await before.close()

    async def look_after(self) -> None:
        """Do what is due now and then; call it every few seconds."""
        await self.follow_the_grant()
        try:
            await self.directory.tend()
        except BridgeError as error:
            log.warning("audit trail not looked after", reason=error.detail)


@asynccontextmanager
async def open_store(
    settings: Settings, *, migrates: bool = True
) -> AsyncIterator[tuple[Store, Sealer]]:
    """Open the database, with the key that seals what is in it."""
    keys = secret_keys(settings.secret_keys, database_url=settings.database_url)
    if keys.warning:
        log.warning(keys.warning)
    sealer = Sealer(keys.keys)
    store = await Store.open(settings.database_url, sealer=sealer, migrates=migrates)
    try:
        yield store, sealer
    finally:
        await store.close()


@asynccontextmanager
async def open_rooms(
    settings: Settings,
    mapping: Mapping,
    *,
    ended: Callable[[Outcome], object] = lambda _: None,
    contended: Callable[[], object] = lambda: None,
    members_ignored: Callable[[int], object] = lambda _: None,
    dropped: Callable[[], object] = lambda: None,
    paged: Paged = lambda _what, _seen, _total: None,
    clock: Callable[[], float] = time.time,
    migrates: bool = True,
) -> AsyncIterator[Rooms]:
    """Open everything that the bridge stands on; GoTo itself is asked when it is first needed.

    ``ended`` is told how each renewal of the access token ended, ``contended`` is called for each
    user that clients are found to move back and forth, ``dropped`` for each write that GoTo
    accepted and does not show later; ``members_ignored`` is told of members who are nobody, and
    ``paged`` of each page of a list that GoTo gave.
    """
    async with AsyncExitStack() as stack:
        store, sealer = await stack.enter_async_context(open_store(settings, migrates=migrates))
        api = await stack.enter_async_context(open_http(settings.goto_api_url))
        oauth = await stack.enter_async_context(open_http(settings.goto_auth_url))
        grants = Grants(settings, store)
        secret = settings.goto_client_secret
        tokens = AccessTokens(
            oauth,
            auth_url=settings.goto_auth_url,
            client_id=settings.goto_client_id or "",
            client_secret=secret.get_secret_value() if secret else "",
            grant=await grants.current(),
            store=grants.keep,
            reload=grants.stored,
            ended=ended,
            clock=clock,
        )
        rooms = Rooms(
            settings,
            mapping,
            store=store,
            sealer=sealer,
            tokens=tokens,
            api=api,
            contended=contended,
            members_ignored=members_ignored,
            dropped=dropped,
            paged=paged,
        )
        stack.push_async_callback(lambda: rooms.directory.close())
        yield rooms
