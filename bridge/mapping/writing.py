"""Resources into records: what GoTo is to hold of a resource, and what the bridge holds itself.

Pure rules; nothing here compares with what GoTo holds already, nor knows licences and roles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.mapping import address, names
from bridge.mapping.errors import Removed, ValueRefused
from bridge.mapping.rules import Rule, TypeRules

STATUS = "status"


@dataclass(frozen=True, slots=True)
class Before:
    """A resource as it is before a change: as clients see it, its record, what is held beside."""

    resource: Mapping[str, Any]
    record: Mapping[str, Any]
    held: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What a change asks for: GoTo's ``fields`` by name, and the whole of what is then held."""

    fields: dict[str, Any] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)


class Writing:
    """Turns one resource type's resources into fields and held attributes."""

    def __init__(self, rules: TypeRules) -> None:
        self._type = rules
        self._is_user = rules.catalog.resource_type == "User"
        special = ("userName", "emails") if self._is_user else ()
        writable = [rule for rule in rules.rules if not rule.read_only]
        self._fields = [
            rule
            for rule in writable
            if rule.field and rule.field != STATUS and str(rule.path) not in special
        ]
        self._templates = [rule for rule in writable if rule.template and not rule.field]
        self._required = [rule for rule in writable if rule.required]
        self._attributes = {rule.field: str(rule.path) for rule in reversed(self._fields)}
        self._names = {
            name: next((r.field for r in self._fields if str(r.path) == f"name.{name}"), None)
            for name in ("givenName", "familyName")
        }

    def attribute_of(self, fieldname: str) -> str:
        """Return the attribute that a field carries, for messages."""
        return "emails" if fieldname == "email" else self._attributes.get(fieldname, fieldname)

    def target(
        self, wanted: Mapping[str, Any], before: Before | None = None, *, patched: bool = False
    ) -> Target:
        """Return what a wanted resource asks for.

        ``patched`` says that attributes missing from it were removed by the client, and those
        unchanged were not sent; else a missing one was merely left out (RFC 7644 §3.5.1).
        Raises ValueRefused and Removed.
        """
        if before and patched:
            self._check_removed(wanted, before)
        target = Target()
        for path in self._type.held:
            value = path.get(wanted)
            if value is not None:
                path.set(target.held, value)
        for rule in self._fields:
            self._write(rule, wanted, before, patched, target)
        if self._is_user:
            self._identify(wanted, before, target)
        for rule in self._templates:
            self._hold_template(rule, wanted, before, patched, target)
        return target

    def _check_removed(self, wanted: Mapping[str, Any], before: Before) -> None:
        for rule in self._required:
            if rule.path.get(before.resource) is not None and rule.path.get(wanted) is None:
                raise Removed(str(rule.path))

    def _write(
        self,
        rule: Rule,
        wanted: Mapping[str, Any],
        before: Before | None,
        patched: bool,
        target: Target,
    ) -> None:
        assert rule.field is not None
        value = rule.path.get(wanted)
        if value is None and before is None:
            value = rule.default
        if value is None:
            # GoTo's fields merge and cannot be emptied: a removal is remembered beside them.
            if before and patched and _was_there(rule, before):
                rule.path.set(target.held, None)
            return
        if before is not None and value == rule.path.get(before.resource):
            return
        target.fields[rule.field] = (
            rule.values.to_field(str(rule.path), value) if rule.values else value
        )

    def _identify(self, wanted: Mapping[str, Any], before: Before | None, target: Target) -> None:
        user_name = str(wanted.get("userName") or "")
        emails = address.in_order(wanted.get("emails") or [])
        if before and self._follows_user_name(emails, before):
            emails = []
        email = address.wanted_address(user_name, emails, self._type.mail_domain)
        if email is None and before is not None:
            email = before.record.get("email")
        if not email:
            raise ValueRefused("emails", NO_ADDRESS.format(user_name[:80]))
        if emails and emails != address.mirror(email):
            target.held["emails"] = emails
        if user_name and user_name != email:
            target.held["userName"] = user_name
        if before is None or before.record.get("email") != email:
            target.fields["email"] = email
        if before is None:
            self._complete_names(wanted, email, target)

    def _follows_user_name(self, emails: list[dict[str, Any]], before: Before) -> bool:
        """Whether the e-mails sent are only the echo of an address made from the userName."""
        domain = self._type.mail_domain
        user_name = str(before.resource.get("userName") or "")
        email = before.record.get("email") or ""
        return (
            domain is not None
            and not before.held.get("emails")
            and not address.is_address(user_name)
            and email == address.made_address(user_name, domain)
            and emails == address.mirror(email)
        )

    def _complete_names(self, wanted: Mapping[str, Any], email: str, target: Target) -> None:
        display_name = wanted.get("displayName")
        first, last = names.completed(wanted.get("name") or {}, display_name, email)
        for name, value in (("givenName", first), ("familyName", last)):
            fieldname = self._names[name]
            if fieldname:
                target.fields.setdefault(fieldname, value)

    def _hold_template(
        self,
        rule: Rule,
        wanted: Mapping[str, Any],
        before: Before | None,
        patched: bool,
        target: Target,
    ) -> None:
        value = rule.path.get(wanted)
        if value is None:
            if before and patched and _was_there(rule, before):
                rule.path.set(target.held, None)
            return
        if before and self._follows(rule, wanted, before, patched):
            return
        made = rule.template.fill(self._with_names(wanted, target)) if rule.template else None
        if value != made:
            rule.path.set(target.held, value)

    @staticmethod
    def _follows(rule: Rule, wanted: Mapping[str, Any], before: Before, patched: bool) -> bool:
        """Whether a value was made by us and not touched: it goes on following its parts."""
        assert rule.template is not None
        value = rule.path.get(wanted)
        if rule.path.get(before.held) is not None or value != rule.path.get(before.resource):
            return False
        return patched or rule.template.fill(wanted) == rule.template.fill(before.resource)

    def _with_names(self, wanted: Mapping[str, Any], target: Target) -> dict[str, Any]:
        """The wanted resource with the names that were completed."""
        name = dict(wanted.get("name") or {})
        for part, fieldname in self._names.items():
            if fieldname in target.fields:
                name[part] = target.fields[fieldname]
        return {**wanted, "name": name}


NO_ADDRESS = (
    "GoTo needs an e-mail address and {!r} is none: send the address as the primary value of "
    "emails, or an address as userName"
)


def _was_there(rule: Rule, before: Before) -> bool:
    """Whether a client saw a value before, or had removed it already."""
    if rule.path.get(before.resource) is not None:
        return True
    parent = before.held.get(rule.path.schema) if rule.path.schema else before.held
    if parent and rule.path.sub:
        parent = parent.get(rule.path.name)
    return isinstance(parent, Mapping) and (rule.path.sub or rule.path.name) in parent
