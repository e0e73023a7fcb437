"""The simulated account: its data and GoTo's rules about users and groups. No I/O, no HTTP.

Writes act on what is stored; reads see :attr:`Account.reading`, which trails behind by the
read-after-write lag. Every refusal is a :class:`Refusal` with GoTo's status and code.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bridge.sandbox import wishes
from bridge.sandbox.clock import Clock
from bridge.sandbox.devices import devices, excess_devices
from bridge.sandbox.replica import Replica
from bridge.sandbox.rows import Extra, Group, Refusal, User, merged
from bridge.sandbox.seed import ACCOUNT_KEY, ACCOUNT_NAME, ADMINISTRATOR_KEY, Keys, seeded
from bridge.sandbox.settings import SimulatorSettings
from bridge.sandbox.tables import Tables


class Account:
    """One GoTo account with ``users`` users and ``groups`` groups to begin with."""

    key = ACCOUNT_KEY
    name = ACCOUNT_NAME
    administrator_key = ADMINISTRATOR_KEY

    def __init__(
        self, *, users: int, groups: int, seed: int, settings: SimulatorSettings, clock: Clock
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.reset(users=users, groups=groups, seed=seed)

    def reset(self, *, users: int, groups: int, seed: int) -> None:
        """Forget everything and start from seeded data; raises ValueError below one user."""
        if users < 1 or groups < 0:
            raise ValueError("users must be 1 or more (the administrator), groups 0 or more")
        self._keys = Keys(seed)
        self.stored: Tables = seeded(
            users=users, groups=groups, seed=seed, keys=self._keys, now_ms=self.clock.now_ms()
        )
        self._deleted: dict[str, str] = {}
        self.extras: dict[str, dict[str, Extra]] = {"attributes": {}, "templates": {}}
        self._replica = Replica(self.stored, clock=self.clock)
        self.use(self.settings)

    def use(self, settings: SimulatorSettings) -> None:
        """Go by these settings from now on."""
        self.settings = settings
        self._replica.lag = settings.read_after_write_lag_ms / 1000
        for row in devices(self.stored, settings.device_rows):
            self._write(Tables.put_user, row)
        for row in excess_devices(self.stored, settings.device_rows):
            self._write(Tables.drop_user, row)

    @property
    def reading(self) -> Tables:
        """What a read sees now: the stored tables, or those of some milliseconds ago."""
        return self._replica.tables()

    def user(self, key: str) -> User:
        """The stored user; a 404 :class:`Refusal` when there is none."""
        user = self.stored.users.get(key)
        if user is None:
            raise Refusal(404, "user.not.found", key)
        return user

    def create_users(
        self, body: Mapping[str, Any], *, all_or_nothing: bool = True
    ) -> list[dict[str, str]]:
        """Create users in bulk; the reply has one entry a user, without ``key`` on a conflict."""
        wish = wishes.new_users(body)
        most = self.settings.bulk_max_users
        if most and len(wish.users) > most:
            raise Refusal(400, "users.too.many", str(len(wish.users)))
        self._roles_writable(body)
        if wish.group_key is not None:
            self.group(wish.group_key)
        taken = self._taken(wish)
        if taken and all_or_nothing:
            raise Refusal(409, "user.name.conflict", wish.users[taken[0]]["email"])
        self._grantable(wish.license_keys, (), users=len(wish.users) - len(taken))
        return [
            entry
            for position, fields in enumerate(wish.users)
            if (entry := self._created(fields, wish, taken=position in taken)) is not None
        ]

    def _taken(self, wish: wishes.NewUsers) -> list[int]:
        seen: set[str] = set()
        taken = []
        for position, fields in enumerate(wish.users):
            email = fields["email"].lower()
            if email in seen or self.stored.user_by_email(email) is not None:
                taken.append(position)
            seen.add(email)
        return taken

    def _created(
        self, fields: Mapping[str, str], wish: wishes.NewUsers, *, taken: bool
    ) -> dict[str, str] | None:
        email = fields["email"]
        if taken:
            existing = self.stored.user_by_email(email)
            if self.settings.bulk_conflict == "left_out":
                return None
            if self.settings.bulk_conflict == "existing_key" and existing is not None:
                return {"key": existing.key, "email": email}
            return {"email": email}
        own: dict[str, Any] = dict(fields)
        user = User(
            key=self._key_for(email),
            **own,
            license_keys=wish.license_keys,
            admin_roles=wish.admin_roles,
            group_keys=(wish.group_key,) if wish.group_key is not None else (),
            invited_date=self.clock.now_ms() if wish.invite else None,
            invite_count=int(wish.invite),
        )
        self._write(Tables.put_user, user)
        return {"key": user.key, "email": user.email}

    def _key_for(self, email: str) -> str:
        old = self._deleted.pop(email.lower(), None)
        return old if old is not None and self.settings.revive_deleted else self._keys.fresh()

    def update_user(self, key: str, body: Mapping[str, Any]) -> None:
        """Merge ``body`` into the user; lists sent replace."""
        user = self.user(key)
        if "key" in body:
            raise Refusal(400, "request.invalid", "key")
        if "status" in body and self.settings.status_in_body == "refuse":
            raise Refusal(400, "request.invalid", "status")
        self._roles_writable(body)
        changes: dict[str, Any] = dict(wishes.texts(body))
        wishes.unlocked(user, changes, status=self.settings.locked_status)
        self._new_address(user, changes)
        self._address_free(user, changes.get("email", user.email))
        changes |= self._assignments(user, body)
        settings = wishes.settings(body)
        if settings is not None:
            changes["settings"] = merged(user.settings or {}, settings)
        self._write(Tables.put_user, replace(user, **changes))

    def _roles_writable(self, body: Mapping[str, Any]) -> None:
        if "adminRoles" in body and not self.settings.roles_writable:
            raise Refusal(403, "permission.denied", "adminRoles")

    def _new_address(self, user: User, changes: dict[str, Any]) -> None:
        """Take, drop or refuse another address than the user has."""
        if changes.get("email", user.email) == user.email:
            return
        if self.settings.email_change == "refused":
            raise Refusal(400, "user.email.immutable", user.key)
        if self.settings.email_change == "ignored":
            del changes["email"]

    def _address_free(self, user: User, email: str) -> None:
        other = self.stored.user_by_email(email)
        if other is not None and other.key != user.key:
            raise Refusal(409, "user.name.conflict", email)

    def _assignments(self, user: User, body: Mapping[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        license_keys = wishes.key_list(body, "licenseKeys")
        ignored = self.settings.suspension == "ignored"
        keeps = license_keys == () and (ignored or self.settings.empty_license_keys == "ignore")
        if license_keys is not None and not keeps:
            self._grantable(license_keys, user.license_keys)
            changes["license_keys"] = license_keys
        admin_roles = wishes.roles(body)
        if admin_roles is not None and not (admin_roles == () and ignored):
            changes["admin_roles"] = admin_roles
        group_key = wishes.group_key(body)
        if group_key is not None and self.settings.group_key_in_update == "move":
            changes["group_keys"] = (self.group(group_key).key,)
        return changes

    def _grantable(self, wanted: tuple[str, ...], held: tuple[str, ...], *, users: int = 1) -> None:
        for key in wanted:
            license = self.stored.licenses.get(key)
            if license is None:
                raise Refusal(400, "license.not.found", key)
            if key in held or not users:
                continue
            if not license.assignable and self.settings.refuse_unassignable_licenses:
                raise Refusal(400, "license.not.assignable", key)
            if self.settings.enforce_seats and self.stored.free_seats(key) < users:
                raise Refusal(400, "license.seats.exhausted", key)

    def delete_user(self, key: str) -> None:
        """Remove the user; the address remembers the key."""
        user = self.user(key)
        self._deleted[user.email.lower()] = key
        self._write(Tables.drop_user, user)

    def sign_in(self, key: str) -> None:
        """The user signs in now: INVITED and INACTIVE become ACTIVE."""
        user = self.user(key)
        if user.is_empty_handed:
            raise Refusal(403, "user.suspended", key)
        self._write(Tables.put_user, replace(user, signed_in_at=self.clock.now_ms()))

    def group(self, key: str) -> Group:
        """The stored group; a 404 :class:`Refusal` when there is none."""
        group = self.stored.groups.get(key)
        if group is None:
            raise Refusal(404, "group.not.found", key)
        return group

    def create_group(self, body: Mapping[str, Any]) -> str:
        """Create a group at the root and give its key."""
        name = self._free_name(wishes.group_name(body), own_key=None)
        group = Group(key=self._keys.fresh(), name=name)
        self._write(Tables.put_group, group)
        return group.key

    def rename_group(self, key: str, body: Mapping[str, Any]) -> None:
        group = self.group(key)
        name = self._free_name(wishes.group_name(body), own_key=key)
        self._write(Tables.put_group, replace(group, name=name))

    def _free_name(self, name: str, *, own_key: str | None) -> str:
        other = self.stored.group_by_name(name)
        if other is not None and other.key != own_key:
            raise Refusal(409, "group.name.conflict", name)
        return name

    def delete_group(self, key: str) -> None:
        """Remove the group; members lose it, groups below move up one level."""
        group = self.group(key)
        members = list(self.stored.members(key))
        below = list(self.stored.children(key))
        if (members or below) and self.settings.delete_nonempty_group == "refuse":
            raise Refusal(409, "group.not.empty", key)
        above = group.parent_key if self.settings.delete_nonempty_group == "move_up" else None
        for user_key in members:
            user = self.user(user_key)
            left = [above if each == key else each for each in user.group_keys]
            kept = tuple(dict.fromkeys(each for each in left if each is not None))
            self._write(Tables.put_user, replace(user, group_keys=kept))
        for child in below:
            self._write(Tables.put_group, replace(child, parent_key=group.parent_key))
        self._write(Tables.drop_group, group)

    def put_in_group(self, group_key: str, user_key: str) -> None:
        """Put the user in the group, and out of any other where that is how it is set."""
        group, user = self.group(group_key), self.user(user_key)
        others = tuple(each for each in user.group_keys if each != group.key)
        second = self.settings.second_membership
        if others and second == "refuse":
            raise Refusal(409, "user.in.other.group", user_key)
        kept = user.group_keys if second == "add" else ()
        if group.key not in kept:
            kept = (*kept, group.key)
        self._write(Tables.put_user, replace(user, group_keys=kept))

    def take_out_of_group(self, group_key: str, user_key: str) -> None:
        """Take the user out of this group and of no other."""
        group, user = self.group(group_key), self.user(user_key)
        if group.key in user.group_keys:
            if self.settings.known_removal != "accepted-not-done":
                left = tuple(each for each in user.group_keys if each != group.key)
                self._write(Tables.put_user, replace(user, group_keys=left))
        elif self.settings.remove_nonmember == "refuse":
            raise Refusal(404, "user.not.found", user_key)

    def take_out_of_groups(self, user_key: str) -> None:
        """Take the user out of every group."""
        user = self.user(user_key)
        if self.settings.known_removal != "accepted-not-done":
            self._write(Tables.put_user, replace(user, group_keys=()))

    def take_license(self, license_key: str, user_key: str) -> None:
        """Take one licence of one user."""
        if license_key not in self.stored.licenses:
            raise Refusal(404, "license.not.found", license_key)
        user = self.user(user_key)
        left = tuple(each for each in user.license_keys if each != license_key)
        self._write(Tables.put_user, replace(user, license_keys=left))

    def set_user(self, key: str, fields: Mapping[str, Any]) -> None:
        """Change what GoTo's API has no call for, or what somebody changes in GoTo's console."""
        self._write(Tables.put_user, replace(self.user(key), **fields))

    def create_extra(self, kind: str, body: Mapping[str, Any]) -> str:
        """Store one entry of ``attributes`` or ``templates`` and give its key."""
        fields = {name: value for name, value in body.items() if name != "key"}
        extra = Extra(key=self._keys.fresh(), fields=fields)
        self.extras[kind][extra.key] = extra
        return extra.key

    def _write(self, verb: Callable[[Tables, Any], None], row: User | Group) -> None:
        verb(self.stored, row)
        self._replica.follow(verb, row)
