"""The audit trail's words: what each change is called there, and what is said of it.

Keys, names of attributes, licences and roles stand in it; addresses, names and values of people
never do. It stores nothing: its entries go into the store with the change itself.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from bridge.directory.activation import CLEARED, suspends
from bridge.directory.brake import COUNTED, CREATED, SPARED, Brake
from bridge.directory.contention import Contention
from bridge.directory.entries import Kind, UserEntry, now_in_milliseconds
from bridge.directory.ledger import Ledger
from bridge.goto import UserRecord
from bridge.store import AuditEntry

KEPT = timedelta(days=90)
TRIMMED_EVERY = timedelta(days=1)
# Told by other words, or GoTo's to change.
NOT_TOLD = frozenset({"schemas", "id", "meta", "active", "groups", "entitlements", "roles"})
OF_GOTO = "urn:scim:schemas:extension:goto:"


class Trail:
    """Says in the audit trail what was done; the brake and the contention reports listen."""

    def __init__(self, ledger: Ledger, brake: Brake, contention: Contention) -> None:
        self._ledger = ledger
        self._brake = brake
        self._contention = contention
        self._trimmed_at = now_in_milliseconds() - TRIMMED_EVERY

    def user_created(self, entry: UserEntry) -> list[AuditEntry]:
        """Return the line for a user that was made."""
        self._brake.created(entry.key)
        detail = _difference(None, entry.record) | {"active": bool(entry.resource.get("active"))}
        return [self._ledger.note(CREATED, "User", entry.key, detail)]

    def user_changed(self, before: UserEntry, after: UserEntry) -> list[AuditEntry]:
        """Return the line for a change of a user, none where nothing is another."""
        earlier, now = before.resource, after.resource
        was, is_now = earlier.get("active"), now.get("active")
        detail = _difference(before.record, after.record)
        if attributes := _attributes(earlier, now):
            detail["attributes"] = attributes
        if was == is_now:
            return [self._ledger.note("change", "User", after.key, detail)] if detail else []
        return [self._on_user("activate" if is_now else "suspend", after.key, before, detail)]

    def user_settled(
        self, key: str, fields: Mapping[str, Any], before: UserEntry | None
    ) -> list[AuditEntry]:
        """Return the line for a write of ``fields`` that was found out to have been done."""
        lists = [fields[name] for name in CLEARED if name in fields]
        if lists and not any(lists) and (before is None or suspends(before.record, fields)):
            return [self._on_user("suspend", key, before, {})]
        return [self._ledger.note("change", "User", key)]

    def user_deleted(
        self, key: str, before: UserEntry | None, *, suspended: bool = False
    ) -> list[AuditEntry]:
        """Return the line for a user that was deleted; ``suspended``, where GoTo keeps it so."""
        detail = _difference(before.record, UserRecord()) if suspended and before else {}
        return [
            self._on_user(
                "delete", key, before, detail | ({"suspended": True} if suspended else {})
            )
        ]

    def moved(self, user: str, origin: str | None, group: str | None) -> list[AuditEntry]:
        """Return the line for a user that went from one group into another one, or out of it."""
        ends = {"from": origin, "to": group}
        action = "move" if origin and group else "put-in" if group else "take-out"
        detail = {name: key for name, key in ends.items() if key}
        moved = self._ledger.note(action, "User", user, detail)
        found = self._contention.moved(user, origin, group)
        if found is None:
            return [moved]
        return [moved, self._ledger.note("contention", "User", user, found)]

    def ignored(self, group: str, members: Iterable[str], more: int) -> list[AuditEntry]:
        """Return the lines for members of a PATCH who are nobody; ``more`` are told of at once."""
        details = [{"member": member} for member in members] + ([{"more": more}] if more else [])
        return [self._ledger.note("ignore-member", "Group", group, detail) for detail in details]

    def group(self, action: str, key: str) -> list[AuditEntry]:
        """Return the line for a group: ``create``, ``rename``, ``change`` or ``delete``."""
        return [self._ledger.note(action, "Group", key)]

    async def trim(self) -> None:
        """Forget what is older than ninety days; once a day is enough."""
        now = now_in_milliseconds()
        if now - self._trimmed_at >= TRIMMED_EVERY:
            self._trimmed_at = now
            await self._ledger.forget_audit(before=now - KEPT)

    def _on_user(
        self, action: str, key: str, before: UserEntry | None, detail: dict[str, Any]
    ) -> AuditEntry:
        if action in COUNTED:
            if self._brake.is_new(key, before.record if before else None):
                detail[SPARED] = True
            else:
                self._brake.happened(action, key)
        kind: Kind = "User"
        return self._ledger.note(action, kind, key, detail or None)


def _attributes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return sorted(name for name in names - NOT_TOLD if not name.startswith(OF_GOTO))


def _difference(before: UserRecord | None, after: UserRecord) -> dict[str, Any]:
    """Return the licences and roles that came and went."""
    none: Iterable[str] = ()
    pairs = {
        "licenses": (before.license_keys if before else none, after.license_keys),
        "roles": (before.admin_roles if before else none, after.admin_roles),
    }
    detail: dict[str, Any] = {}
    for name, (had, has) in pairs.items():
        if given := sorted(set(has) - set(had)):
            detail[f"{name}Given"] = given
        if taken := sorted(set(had) - set(has)):
            detail[f"{name}Taken"] = taken
    return detail
