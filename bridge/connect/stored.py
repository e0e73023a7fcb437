"""Where the grant comes from, and where it is kept.

Knows which of the grants that there may be is the one in use: a configured personal access token,
else the stored grant, else a configured refresh token. Sealing is the store's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from bridge.goto import Grant
from bridge.settings import Settings
from bridge.store import Store

NAME = "goto"
_FIELDS = {field.name for field in fields(Grant)}
_MOMENTS = ("obtained_at", "expires_at")


@dataclass(frozen=True)
class Grants:
    """The grants of one bridge. Every verb raises ``BridgeError`` where the store is away."""

    settings: Settings
    store: Store

    async def current(self) -> Grant:
        """The grant to begin with; one without a secret where there is none at all."""
        now = datetime.now(UTC)
        if self.settings.goto_pat is not None:
            return Grant(kind="pat", secret=_told(self.settings.goto_pat), obtained_at=now)
        if stored := await self.stored():
            return stored
        configured = _told(self.settings.goto_refresh_token)
        return Grant(kind="refresh_token", secret=configured, obtained_at=now)

    async def stored(self) -> Grant | None:
        """The grant that was stored last; None where there is none, or a PAT is configured."""
        if self.settings.goto_pat is not None:
            return None
        record = await self.store.grant(NAME)
        return None if record is None else _from_record(record)

    async def keep(self, grant: Grant) -> None:
        """Store a grant that GoTo changed; a configured personal access token stays where it is."""
        if self.settings.goto_pat is None:
            await self.put(grant)

    async def put(self, grant: Grant) -> None:
        """Store a grant in the place of the one before, whole or not at all."""
        await self.store.save_grant(NAME, _to_record(grant))

    async def seal_anew(self) -> None:
        """Seal what is stored with the newest key, so that the older ones can be forgotten."""
        if len(self.settings.secret_keys) < 2:
            return
        if (record := await self.store.grant(NAME)) is not None:
            await self.store.save_grant(NAME, record)


def _to_record(grant: Grant) -> dict[str, Any]:
    record = {name: getattr(grant, name) for name in _FIELDS}
    return {**record, **{name: _text(record[name]) for name in _MOMENTS}}


def _from_record(record: Mapping[str, Any]) -> Grant:
    # A newer version may have stored more than this one knows.
    known = {name: value for name, value in record.items() if name in _FIELDS}
    return Grant(**{**known, **{name: _moment(known.get(name)) for name in _MOMENTS}})


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _told(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
