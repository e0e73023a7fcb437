"""The rows of an account and the indexes over them; nothing here is a rule.

Every write is one of four verbs (put or drop a user or a group), so that a second copy of the
tables can follow the first one by repeating them.
"""

from collections.abc import Iterator

from bridge.sandbox.rows import Group, License, RoleSet, User


class Tables:
    """Users, groups and licences in the order in which they came, with their indexes."""

    def __init__(
        self, *, licenses: dict[str, License] | None = None, role_sets: tuple[RoleSet, ...] = ()
    ) -> None:
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.licenses = licenses or {}
        self.role_sets = role_sets
        self._by_email: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._holders: dict[str, dict[str, None]] = {}
        self._children: dict[str, dict[str, None]] = {}

    def copy(self) -> "Tables":
        """The same rows in tables of their own."""
        twin = Tables(licenses=self.licenses, role_sets=self.role_sets)
        for group in self.groups.values():
            twin.put_group(group)
        for user in self.users.values():
            twin.put_user(user)
        return twin

    def put_user(self, user: User) -> None:
        old = self.users.get(user.key)
        if old is not None:
            self._unlink_user(old, user)
        self.users[user.key] = user
        self._by_email[user.email.lower()] = user.key
        for group_key in user.group_keys:
            self._members.setdefault(group_key, {})[user.key] = None
        for license_key in user.license_keys:
            self._holders.setdefault(license_key, {})[user.key] = None

    def drop_user(self, user: User) -> None:
        old = self.users.pop(user.key)
        self._unlink_user(old, None)

    def _unlink_user(self, old: User, new: User | None) -> None:
        if new is None or new.email.lower() != old.email.lower():
            del self._by_email[old.email.lower()]
        stays = () if new is None else new.group_keys
        for group_key in old.group_keys:
            if group_key not in stays:
                del self._members[group_key][old.key]
        kept = () if new is None else new.license_keys
        for license_key in old.license_keys:
            if license_key not in kept:
                del self._holders[license_key][old.key]

    def put_group(self, group: Group) -> None:
        old = self.groups.get(group.key)
        if old is not None:
            self._unlink_group(old)
        self.groups[group.key] = group
        self._by_name[group.name.lower()] = group.key
        if group.parent_key is not None:
            self._children.setdefault(group.parent_key, {})[group.key] = None

    def drop_group(self, group: Group) -> None:
        self._unlink_group(self.groups.pop(group.key))

    def _unlink_group(self, old: Group) -> None:
        del self._by_name[old.name.lower()]
        if old.parent_key is not None:
            del self._children[old.parent_key][old.key]

    def user_by_email(self, email: str) -> User | None:
        """The user with this e-mail in any case."""
        key = self._by_email.get(email.lower())
        return None if key is None else self.users[key]

    def group_by_name(self, name: str) -> Group | None:
        """The group with this name in any case."""
        key = self._by_name.get(name.lower())
        return None if key is None else self.groups[key]

    def members(self, group_key: str) -> dict[str, None]:
        """The keys of the users right in this group, in the order in which they came."""
        return self._members.get(group_key, {})

    def holders(self, license_key: str) -> dict[str, None]:
        """The keys of the users who hold this licence."""
        return self._holders.get(license_key, {})

    def children(self, group_key: str) -> Iterator[Group]:
        """The groups right below this one."""
        return (self.groups[key] for key in self._children.get(group_key, {}))

    def path(self, group: Group) -> list[Group]:
        """From the root down to the group itself."""
        path = [group]
        while path[0].parent_key is not None:
            path.insert(0, self.groups[path[0].parent_key])
        return path

    def total_members(self, group: Group) -> int:
        """How many users are in the group and in those below it."""
        below = sum(self.total_members(child) for child in self.children(group.key))
        return len(self.members(group.key)) + below

    def free_seats(self, license_key: str) -> int:
        return self.licenses[license_key].seats - len(self.holders(license_key))
