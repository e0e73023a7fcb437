"""What the account offers, read by kind: licences and admin roles."""

from bridge.directory.core import Core
from bridge.directory.licenses import Licenses
from bridge.directory.offers import OfferEntry, OfferKind
from bridge.directory.refusals import not_found
from bridge.directory.roles import Roles


class Offered:
    """The licences and admin roles of the account."""

    def __init__(self, core: Core) -> None:
        self.licenses = Licenses(core)
        self.roles = Roles(core)

    async def all(self, kind: OfferKind, *, live: bool = False) -> list[OfferEntry]:
        """Return all of a kind; ``live`` asks GoTo whatever the age of what is known."""
        return await (self.licenses if kind == "License" else self.roles).all(live=live)

    async def read(self, kind: OfferKind, key: str, *, live: bool = False) -> OfferEntry:
        """Return one. Raises NotFoundException."""
        reader = self.licenses if kind == "License" else self.roles
        found = await reader.find(key, live=live)
        if found is None:
            raise not_found(kind, key)
        return found
