"""What belongs to a user at GoTo, its licences and admin roles, as clients name and see it.

Pure rules: which licence or role a client's value is, what may not be given or taken, and what is
shown of a value. Seats are judged by the counts that are handed in.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from scim2_models import InvalidValueException, MutabilityException

from bridge.directory import activation
from bridge.goto import LicenseRecord
from bridge.mapping.lists import WRITABLE_LISTS, Item

Licenses = Mapping[str, LicenseRecord]
# What a client that names a licence itself says of it.
NAMES = frozenset({"display", "type"})
# What GoTo knows under a key, and what the client said of it.
Meant = dict[str, Item]


def licenses_meant(
    items: Sequence[Item],
    had: Sequence[str],
    licenses: Licenses,
    *,
    passing: Collection[str] = (),
    seated: bool = True,
) -> Meant:
    """Return the licences that a client means, by key. Raises InvalidValueException.

    A value is a licence key or a product code in any case. A product code is the licence of that
    product that the user ``had`` or gets anyway, else the first that can be given. ``passing``
    holds keys that GoTo refused just now; ``seated`` says that a free seat is needed.
    """
    found: list[tuple[str, Item]] = []
    codes: list[tuple[str, Item]] = []
    for item in items:
        name = _name(item, "entitlements")
        if name in had:
            found.append((name, item))
        elif name in licenses:
            _refuse_full([licenses[name]], name, passing, seated=seated)
            found.append((name, item))
        else:
            codes.append((name, item))
    for code, item in codes:
        sure = [*(key for key, _ in found), *had]
        key = license_of(code, sure, licenses)
        if key is None:
            offered = [record for record in licenses.values() if opens(record, code)]
            if not offered:
                raise _unknown(code, licenses)
            key = _refuse_full(offered, code, passing, seated=seated)
        found.append((key, item))
    return _joined(found)


def opens(record: LicenseRecord, code: str) -> bool:
    """Whether a licence opens the product with this code, in any case."""
    return code.casefold() in (product.casefold() for product in record.products)


def license_of(code: str, keys: Iterable[str], licenses: Licenses) -> str | None:
    """Return the first of some licences that opens a product, or None."""
    return next((key for key in keys if key in licenses and opens(licenses[key], code)), None)


def _refuse_full(
    offered: Sequence[LicenseRecord], name: str, passing: Collection[str], *, seated: bool
) -> str:
    """Return the first licence that can be given, else say of each why not."""
    assignable = [record for record in offered if record.assignable]
    for record in assignable:
        if not seated or (record.free > 0 and record.key not in passing):
            return record.key
    listed = "; ".join(activation.describe(record) for record in assignable or offered)
    why = (
        f"No seat is free for {name[:80]!r} ({listed}): free a seat or buy one"
        if assignable
        else f"GoTo lets nobody give {name[:80]!r} to a user ({listed}): it is not enabled, or "
        "managed elsewhere; choose another licence"
    )
    raise InvalidValueException(attribute="entitlements", value=name, detail=why)


def _unknown(name: str, licenses: Licenses) -> InvalidValueException:
    given = [record for record in licenses.values() if record.assignable]
    known = "; ".join(f"{'/'.join(each.products)}, key {each.key}" for each in given[:20])
    return InvalidValueException(
        attribute="entitlements",
        value=name[:80],
        detail=f"The GoTo account has no licence {name[:80]!r}: send a licence key or a product "
        f"code ({known or 'it has none that can be given'})",
    )


def roles_meant(
    items: Sequence[Item],
    had: Sequence[str],
    grantable: Sequence[str],
    *,
    remembered: Sequence[str] = (),
) -> Meant:
    """Return the admin roles that a client means, in GoTo's spelling.

    ``had`` are the user's, which may stay whatever they are; ``remembered`` are those that it had
    before it was suspended. Raises InvalidValueException, and MutabilityException where a role that
    is not ``grantable`` would be taken.
    """
    known = {role.casefold(): role for role in (*remembered, *had, *grantable)}
    found: list[tuple[str, Item]] = []
    for item in items:
        name = _name(item, "roles")
        role = known.get(name.casefold())
        if role is None:
            raise InvalidValueException(
                attribute="roles",
                value=name[:80],
                detail=f"The admin role {name[:80]!r} cannot be given through this service; what "
                f"can be given is {', '.join(grantable) or 'none'} (the mapping's roles.grantable)",
            )
        found.append((role, item))
    meant = _joined(found)
    for role in had:
        if role not in meant and role not in grantable:
            raise MutabilityException(
                attribute="roles",
                detail=f"The admin role {role} cannot be taken through this service, as the "
                "mapping's roles.grantable does not name it: leave it in roles, or change it in "
                "GoTo",
            )
    return meant


def _name(item: Item, attribute: str) -> str:
    for part in ("value", "type"):
        name = item.get(part)
        if isinstance(name, str) and name.strip():
            return name.strip()
    wanted = "a licence key or product code" if attribute == "entitlements" else "an admin role"
    detail = f"Each of {attribute} needs a value: {wanted}"
    raise InvalidValueException(attribute=attribute, detail=detail)


def _joined(found: Iterable[tuple[str, Item]]) -> Meant:
    """Of several items about one thing the last counts that says more than its name."""
    meant: Meant = {}
    for key, item in found:
        whole = {**item, "value": key}
        if key not in meant or len(whole) > 1:
            meant[key] = whole
    return meant


# -- What is shown ---------------------------------------------------------------------


def shown_license(key: str, licenses: Licenses) -> Item:
    """Return what is shown of a licence that no client described."""
    record = licenses.get(key)
    item: Item = {"value": key}
    if record is not None and record.description:
        item["display"] = record.description
    if record is not None and record.products:
        item["type"] = "/".join(record.products)
    return item


def shown_role(role: str) -> Item:
    """Return what is shown of an admin role that no client described."""
    return {"value": role}


def shown_role_set(key: str) -> Item:
    """Return what is shown of a custom role, which is GoTo's to give and to take."""
    return {"value": key, "type": "custom"}


def without_role_sets(
    items: Sequence[Item], role_sets: Sequence[str], *, keeping: bool
) -> list[Item]:
    """Return the admin roles among ``roles``; a custom role that a user has is read-only.

    Raises MutabilityException where it would be taken, unless it is ``keeping``.
    """
    named = {str(item.get("value")) for item in items}
    for key in role_sets:
        if key not in named and not keeping:
            raise MutabilityException(
                attribute="roles",
                detail=f"The custom role {key} cannot be taken through this service: leave it in "
                "roles, or take it in GoTo",
            )
    return [item for item in items if str(item.get("value")) not in role_sets]


def beside(meant: Meant, shown: Callable[[str], Item]) -> list[Item]:
    """Return what is to be held of what clients said: that which is not shown anyway."""
    said = []
    for key, item in meant.items():
        anyway = shown(key)
        rest = {name: value for name, value in item.items() if anyway.get(name) != value}
        if NAMES & rest.keys():
            said.append(item)
        elif rest:
            said.append({**rest, "value": key})
    return said


def names_of(licenses: Licenses) -> Mapping[str, Item]:
    """Return what is shown of each licence."""
    return {key: shown_license(key, licenses) for key in licenses}


def with_names(
    resource: Mapping[str, Any], held: Mapping[str, Any], names: Mapping[str, Item]
) -> Mapping[str, Any]:
    """Return a user's resource with the names of its licences, but where a client gave its own.

    ``names`` are those of all licences (``names_of``). They are not part of a version: that GoTo
    describes a licence anew changes no user.
    """
    items = resource.get("entitlements")
    if not items:
        return resource
    said = {item["value"]: item for item in held.get("entitlements") or ()}
    named = [
        own
        if NAMES & (own := said.get(key := item["value"], {})).keys()
        else {**(names.get(key) or {"value": key}), **own}
        for item in items
    ]
    return {**resource, "entitlements": named}


def differ(lists: Mapping[str, Sequence[Item]], record: Mapping[str, Any]) -> bool:
    """Whether lists that a client sent seem to change what a record says; order does not count."""
    return any(
        {str(item.get("value")).casefold() for item in items}
        != {str(each).casefold() for each in record.get(WRITABLE_LISTS[name]) or ()}
        for name, items in lists.items()
    )
