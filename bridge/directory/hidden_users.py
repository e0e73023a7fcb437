"""Users whom the mapping hides from clients (``users.hide``): for a client they do not exist."""

from collections.abc import Callable

from scim2_models import InvalidValueException

from bridge.goto import UserRecord


class HiddenUsers:
    """Tells hidden users by their address, and remembers their keys.

    ``hides`` says whether the mapping hides an address.
    """

    def __init__(self, hides: Callable[[str], bool]) -> None:
        self._hides = hides
        self._keys = set[str]()

    def hides(self, record: UserRecord) -> bool:
        """Whether a user who was read is hidden."""
        if self._hides(record.email):
            self._keys.add(record.key)
            return True
        self._keys.discard(record.key)
        return False

    def has(self, key: str) -> bool:
        """Whether a user was hidden when last read."""
        return key in self._keys

    def refuse(self, email: object) -> None:
        """Refuse to give a user a hidden address: nobody would see it again."""
        if isinstance(email, str) and self._hides(email):
            raise InvalidValueException(
                attribute="emails",
                detail=f"The mapping's users.hide hides users with an address like {email[:120]!r}"
                ": use another address, or change users.hide",
            )
