"""Whether the administrator behind the grant sees users' admin roles.

GoTo hides them from a lesser administrator. A user then looks as if it had none, and would keep
them through a suspension: it could still sign in.
"""

from scim2_models import ConflictException

from bridge.directory.snapshot import Snapshot
from bridge.goto import GoToClient, UserRecord

ROLES_HIDDEN = (
    "GoTo does not show admin roles to the bridge's administrator, so a user's roles cannot be "
    "taken, and a deactivated user could still sign in. Connect the bridge as a super "
    'administrator. Or set direction = "read" for roles in the mapping: a deactivation then takes '
    "licences alone, and is an error for a user who stays active"
)


class RoleVisibility:
    """Compares the roles of ``/me`` with those that the administrator's own record shows.

    ``roles_are_written`` says that the mapping lets clients give and take roles.
    """

    def __init__(
        self,
        goto: GoToClient,
        snapshot: Snapshot,
        *,
        administrator: str,
        roles_are_written: bool,
    ) -> None:
        self._goto = goto
        self._snapshot = snapshot
        self._administrator = administrator
        self._roles_are_written = roles_are_written
        self._visible = not administrator
        self.is_hidden = False

    async def refuse_hidden(self) -> None:
        """Refuse a suspension that could leave a role behind: 409. Visible roles cost no call."""
        if not self._visible:
            await self._look()
        if self.is_hidden and self._roles_are_written:
            raise ConflictException(detail=ROLES_HIDDEN)

    async def _look(self) -> None:
        known = self._snapshot.users.get(self._administrator)
        if known is None:
            # No snapshot yet, or an administrator of another account: nothing can be compared.
            return
        is_shown = shows_roles(known.record)
        if not is_shown and (await self._goto.me()).admin_roles:
            # They may have been given since the snapshot.
            is_shown = shows_roles(await self._goto.user(self._administrator))
            self.is_hidden = not is_shown
        else:
            self.is_hidden = False
        self._visible = not self.is_hidden


def shows_roles(record: UserRecord) -> bool:
    """Whether a record shows any role."""
    return bool(record.admin_roles or record.role_sets)
