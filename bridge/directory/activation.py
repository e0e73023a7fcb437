"""What `active` means in GoTo: licences and admin roles taken away, remembered, given back.

Pure rules. GoTo has no verb for it: a user with neither is suspended and cannot sign in.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scim2_models import InvalidValueException

from bridge.goto import LicenseRecord, UserRecord

CLEARED: dict[str, Any] = {"licenseKeys": [], "adminRoles": []}
SUSPENDED = "SUSPENDED"


def parked_of(record: UserRecord) -> dict[str, Any] | None:
    """Return what a user has to be given back one day, or None for nothing."""
    if not record.license_keys and not record.admin_roles:
        return None
    return {
        "licenseKeys": list(record.license_keys),
        "adminRoles": list(record.admin_roles),
    }


def is_suspended(record: UserRecord) -> bool:
    """Whether a user has neither licences nor roles, custom ones included: it cannot sign in."""
    return not record.license_keys and not record.admin_roles and not record.role_sets


def cleared(record: UserRecord) -> dict[str, Any]:
    """Return the fields that suspend a user: the lists that are not empty already."""
    return {name: [] for name in CLEARED if record.get(name)}


def suspends(record: UserRecord, fields: Mapping[str, Any]) -> bool:
    """Whether a write of ``fields`` leaves a user with neither licences nor roles who had some."""
    if not CLEARED.keys() & fields.keys() or record.role_sets:
        return False
    had = [*record.license_keys, *record.admin_roles]
    left = {"licenseKeys": record.license_keys, "adminRoles": record.admin_roles, **fields}
    return bool(had) and not any(left[name] for name in CLEARED)


def restored(parked: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the fields that give a user back what was parked, or None for nothing."""
    fields = {name: parked[name] for name in CLEARED if parked.get(name)} if parked else {}
    return fields or None


def default_license(
    wanted: Sequence[str], licenses: Iterable[LicenseRecord], *, passing: Iterable[str] = ()
) -> LicenseRecord | None:
    """Return the first wanted licence with a free seat, None where no licence is wanted.

    ``wanted`` holds product codes or licence keys; ``passing`` holds keys that GoTo refused just
    now. Raises InvalidValueException, naming the licences and their seats.
    """
    if not wanted:
        return None
    skipped = set(passing)
    full = wanted_in_order(wanted, licenses)
    for record in full:
        if record.free > 0 and record.key not in skipped:
            return record
    if full:
        seats = "; ".join(describe(record) for record in full)
        raise InvalidValueException(
            attribute="active",
            detail=f"No licence has a free seat for an active user ({seats}): free a seat or buy "
            "one, or send active false",
        )
    raise InvalidValueException(
        attribute="active",
        detail=f"The GoTo account has no licence that can be assigned for {', '.join(wanted)}, "
        "which the mapping's activation.licenses names: correct it, or send active false",
    )


def wanted_in_order(
    wanted: Sequence[str], licenses: Iterable[LicenseRecord]
) -> list[LicenseRecord]:
    """Return the licences that can be given for product codes or keys, in the order wanted."""
    known = [record for record in licenses if record.assignable]
    return [
        record
        for name in wanted
        for record in known
        if record.key == name or name in record.products
    ]


def describe(record: LicenseRecord) -> str:
    """Return a licence for a person: its name, its key, its seats."""
    name = record.description or "/".join(record.products) or "licence"
    return f"{name}, key {record.key}, {record.used} of {record.seats} seats in use"


NOTHING_TO_GIVE = InvalidValueException(
    attribute="active",
    detail="The user had no licence or admin role when it was suspended, and the mapping names no "
    "default licence: give the user a licence or role in GoTo, or set activation.licenses",
)


def with_fields(
    record: UserRecord, fields: Mapping[str, Any], licenses: Mapping[str, LicenseRecord]
) -> UserRecord:
    """Return the record that GoTo holds after a write of ``fields``: what it derives included."""
    changed = UserRecord({**record, **fields})
    for name in CLEARED:
        if not changed.get(name):
            changed.pop(name, None)
    if not CLEARED.keys() & fields.keys():
        return changed
    products = {
        product
        for key in changed.license_keys
        if key in licenses
        for product in licenses[key].products
    }
    changed.pop("products", None)
    if products:
        changed["products"] = sorted(products)
    if is_suspended(changed):
        changed["status"] = SUSPENDED
        if "canAuthenticate" in changed:
            changed["canAuthenticate"] = False
    return changed


def holds(record: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether GoTo holds these values; the order of a list says nothing."""
    return all(is_same(record.get(name), value) for name, value in fields.items())


def is_same(ours: Any, theirs: Any) -> bool:
    """Whether two values of a field are the same; the order of a list says nothing."""
    if isinstance(ours or theirs, list):
        return set(ours or ()) == set(theirs or ())
    return bool((ours or None) == (theirs or None))
