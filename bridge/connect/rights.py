"""What the bridge needs of the administrator behind its grant, and of the grant's scopes."""

from collections.abc import Sequence

EVERYTHING = "SUPER_USER"
NEEDED_ROLES = ("MANAGE_USERS", "MANAGE_GROUPS", "MANAGE_SEATS")
NEEDED_SCOPE = "identity:"


def missing_roles(roles: Sequence[str]) -> tuple[str, ...]:
    """The roles that the bridge needs and the administrator has not; SUPER_USER has them all."""
    if EVERYTHING in roles:
        return ()
    return tuple(role for role in NEEDED_ROLES if role not in roles)


def lacks_scope(scope: str) -> bool:
    """Whether the granted scopes, where GoTo told them, leave the Admin API out."""
    return bool(scope) and NEEDED_SCOPE not in scope.split()
