"""Resources into records: what GoTo is to hold of a resource, and what the bridge holds itself.

Pure rules; nothing here compares with what GoTo holds already, nor knows licences and roles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.mapping import address, names
from bridge.mapping.catalog import AttributePath
from bridge.mapping.errors import Removed, ValueRefused
from bridge.mapping.lists import WRITABLE_LISTS, Item, said
from bridge.mapping.rules import EMAIL, STATUS, Rule, TypeRules
from bridge.mapping.sent import in_shape, sent, to_field
from bridge.mapping.several import once

# What GoTo demands of a new user, whatever the mapping makes of the names.
NAME_FIELDS = ("firstName", "lastName")


@dataclass(frozen=True, slots=True)
class Before:
    """A resource as it is before a change: as clients see it, its record, what is held beside.

    ``is_active`` says whether a user is.
    """

    resource: Mapping[str, Any]
    record: Mapping[str, Any]
    held: Mapping[str, Any]
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """What a change asks for: GoTo's ``fields`` by name, and the whole of what is then held.

    ``lists`` holds what a client says of `entitlements` and `roles`, by attribute: which licences
    and roles these values are is not known here, nor what is then held beside them.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[Item]] = field(default_factory=dict)


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
            if rule.field
            and not rule.is_list
            and rule.field != STATUS
            and str(rule.path) not in special
        ]
        self._lists = [rule.path.name for rule in writable if rule.is_list]
        self._templates = [rule for rule in writable if rule.template and not rule.field]
        self._required = [rule for rule in writable if rule.required]
        paths = [*(rule.path for rule in rules.rules), *rules.held]
        self._shown_only = rules.read_only_extensions
        self._objects = {path.schema or path.name for path in paths if path.schema or path.sub}
        self._attributes = {rule.field: str(rule.path) for rule in reversed(self._fields)}
        self._attributes |= {rule.field: rule.path.name for rule in writable if rule.is_list}

    def attribute_of(self, fieldname: str) -> str:
        """Return the attribute that a field carries, for messages."""
        return "emails" if fieldname == EMAIL else self._attributes.get(fieldname, fieldname)

    def target(
        self,
        wanted: Mapping[str, Any],
        before: Before | None = None,
        *,
        patched: bool = False,
        names_emails: bool = True,
    ) -> Target:
        """Return what a wanted resource asks for.

        ``patched`` says that attributes missing from it were removed by the client, and those
        unchanged were not sent; else a missing one was merely left out (RFC 7644 §3.5.1).
        ``names_emails`` is false for a PATCH that puts nothing in `emails`. An empty text or list
        is no value. Raises ValueRefused and Removed.
        """
        target = Target()
        self._keep_out_of_sight(wanted, before, patched, target)
        wanted = in_shape(wanted, self._objects)
        if before and patched:
            self._check_removed(wanted, before)
        for path in self._type.held:
            value = sent(path, wanted)
            if value is not None:
                path.set(target.held, self._each_once(path, value))
        for rule in self._fields:
            self._write(rule, wanted, before, patched, target)
        for name in self._lists:
            self._say(name, wanted, before, patched, target)
        if self._is_user:
            self._identify(wanted, before, target, names_emails=names_emails)
        for rule in self._templates:
            self._hold_made(rule, wanted, before, patched, target)
        return target

    def _keep_out_of_sight(
        self, wanted: Mapping[str, Any], before: Before | None, patched: bool, target: Target
    ) -> None:
        """Remember the read-only extensions that a client removed (None) or emptied ({})."""
        for urn in self._shown_only:
            if urn in wanted and not wanted[urn]:
                target.held[urn] = wanted[urn]
            elif before and patched and urn in before.held:
                target.held[urn] = before.held[urn]

    def _check_removed(self, wanted: Mapping[str, Any], before: Before) -> None:
        for rule in self._required:
            value = sent(rule.path, wanted)
            is_blank = isinstance(value, str) and not value.strip()
            if (value is None or is_blank) and rule.path.get(before.resource) is not None:
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
        value = sent(rule.path, wanted)
        if isinstance(value, str) and not rule.values:
            # GoTo takes the blanks around a text off by itself.
            value = value.strip() or None
        if value is None and before is None:
            value = rule.default
        if value is None:
            # GoTo's fields merge and cannot be emptied: a removal is remembered beside them.
            if before and _is_gone(rule.path, before, patched=patched):
                rule.path.set(target.held, None)
            elif before:
                _keep_shown(rule, before, target)
            return
        if before is not None and value == rule.path.get(before.resource):
            _keep_shown(rule, before, target)
            return
        target.fields[rule.field] = to_field(rule, value)
        if rule.values and rule.values.differs(value, target.fields[rule.field]):
            rule.path.set(target.held, value)

    @staticmethod
    def _say(
        name: str,
        wanted: Mapping[str, Any],
        before: Before | None,
        patched: bool,
        target: Target,
    ) -> None:
        items = said(name, wanted, before.resource if before else None, patched=patched)
        if items is not None:
            target.lists[name] = items
        elif before and name in before.held:
            target.held[name] = before.held[name]

    def _each_once(self, path: AttributePath, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        sub = self._type.catalog.definition(path).get("subAttributes") or ()
        exact = any(each["name"] == "value" and each.get("caseExact") for each in sub)
        return once(value, case_exact=exact or not sub)

    def _identify(
        self,
        wanted: Mapping[str, Any],
        before: Before | None,
        target: Target,
        *,
        names_emails: bool,
    ) -> None:
        user_name = address.user_name_of(wanted)
        emails = address.in_order(wanted.get("emails") or [])
        known = str(before.record.get("email") or "") if before else ""
        if before is None or not known:
            email = address.of_new_user(user_name, emails, self._type.mail_domain)
        else:
            if self._echoes_made_address(emails, before):
                emails = []
            named = address.of_emails(emails) if names_emails else None
            follows = named is None and self._follows(user_name, wanted, before, target)
            if follows:
                named = address.of_user_name(user_name, self._type.mail_domain)
            email = named if named and not address.is_same(named, known) else known
        if not email:
            raise ValueRefused("emails", NO_ADDRESS.format(user_name[:80]))
        emails = address.kept(email, emails, known)
        if emails and emails != address.mirror(email):
            target.held["emails"] = emails
        if user_name and user_name != email:
            target.held["userName"] = user_name
        if email != known:
            target.fields["email"] = email
        if before is None:
            self._complete_names(wanted, email, target)

    def _echoes_made_address(self, emails: list[dict[str, Any]], before: Before) -> bool:
        """Whether the e-mails sent are those that the bridge made of a userName, and nothing else.

        The client never named that address: it sends back what a read showed.
        """
        domain, old = self._type.mail_domain, str(before.resource.get("userName") or "")
        email = str(before.record.get("email") or "")
        return (
            domain is not None
            and not before.held.get("emails")
            and not address.is_address(old)
            and address.is_same(email, address.made_address(old, domain))
            and emails == address.mirror(email)
        )

    def _follows(
        self, user_name: str, wanted: Mapping[str, Any], before: Before, target: Target
    ) -> bool:
        """Whether GoTo's address follows a userName: one that changes, and was the address.

        A user who is inactive, or is made so, keeps the address for the day it is restored:
        Entra ID renames users in its recycle bin.
        """
        if not before.is_active or wanted.get("active") is False or _takes_all(target, before):
            return False
        old = str(before.resource.get("userName") or "")
        was = address.of_user_name(old, self._type.mail_domain)
        return (
            was is not None
            and address.is_same(was, str(before.record.get("email") or ""))
            and not address.is_same(old, user_name)
        )

    @staticmethod
    def _complete_names(wanted: Mapping[str, Any], email: str, target: Target) -> None:
        completed = names.completed(wanted.get("name") or {}, wanted.get("displayName"), email)
        for fieldname, value in zip(NAME_FIELDS, completed, strict=True):
            target.fields.setdefault(fieldname, value)

    def _hold_made(
        self,
        rule: Rule,
        wanted: Mapping[str, Any],
        before: Before | None,
        patched: bool,
        target: Target,
    ) -> None:
        assert rule.template is not None
        value = sent(rule.path, wanted)
        if value is None:
            if before and _is_gone(rule.path, before, patched=patched):
                rule.path.set(target.held, None)
            return
        if before and patched and _is_untouched(rule.path, value, before):
            # Made by the bridge, and no client's: it goes on following its parts.
            return
        if value != rule.template.fill(self._to_be(wanted, before, patched, target)):
            rule.path.set(target.held, value)

    def _to_be(
        self, wanted: Mapping[str, Any], before: Before | None, patched: bool, target: Target
    ) -> dict[str, Any]:
        """The wanted resource with what was not sent and GoTo will have all the same."""
        resource = {
            name: dict(value) if isinstance(value, dict) else value
            for name, value in wanted.items()
        }
        for rule in self._fields:
            said = sent(rule.path, wanted)
            if patched or (said is not None and str(said).strip()):
                continue
            if before is not None:
                value = rule.path.get(before.resource)
            else:
                value = rule.default or target.fields.get(str(rule.field))
            if value is not None:
                rule.path.set(resource, value)
        return resource


NO_ADDRESS = (
    "GoTo needs an e-mail address and {!r} is none: send the address as the primary value of "
    "emails, or an address as userName"
)


def _takes_all(target: Target, before: Before) -> bool:
    """Whether lists that a client sent leave a user with neither a licence nor a role."""
    return bool(target.lists) and not any(
        target.lists.get(name, before.record.get(fieldname))
        for name, fieldname in WRITABLE_LISTS.items()
    )


def _is_gone(path: AttributePath, before: Before, *, patched: bool) -> bool:
    """Whether a value that is not sent is removed now, or was already."""
    return path.is_removed(before.held) or (patched and path.get(before.resource) is not None)


def _keep_shown(rule: Rule, before: Before, target: Target) -> None:
    """Go on holding a client's own value, as long as it is the one that clients see."""
    value = rule.path.get(before.held)
    if rule.has_substitute and value is not None and value == rule.path.get(before.resource):
        rule.path.set(target.held, value)


def _is_untouched(path: AttributePath, value: Any, before: Before) -> bool:
    return path.get(before.held) is None and value == path.get(before.resource)
