"""An emulated EIC that is connected to a bridge by the very files that the recipe writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bridge.recipes import Authentication, address_of, eic_files, write_folder
from tests.eic.emulator import Eic, Files, Person
from tests.eic.emulator.store import Store, Task
from tests.live import TOKEN, Live

KINDS = ("Group",)
SECRETS = {
    "BRIDGE_TOKEN": TOKEN,
    "CLIENT_ID": "BRIDGE_TOKEN",
    "CLIENT_SECRET": TOKEN,
    "USER": "BRIDGE_TOKEN",
    "PASSWORD": TOKEN,
}
ADA = Person(username="ada", email="ada@example.com", firstname="Ada", lastname="Lovelace")
JOINER = Person(
    username="jo1",
    email="joiner@example.com",
    firstname="Joan",
    lastname="Joiner",
    custom={"customproperty3": "de-DE", "customproperty4": "Europe/Berlin"},
)


def shipped_files(
    live: Live, folder: Path, *, auth: Authentication = "token", **more: str
) -> Files:
    """Write the recipe's files for this bridge, and read them with the secrets filled in."""
    target = folder / f"eic-{auth}"
    write_folder(target, eic_files(address_of(f"{live.url}/scim/v2"), auth))
    return of_kinds(Files.of_folder(target, **SECRETS, **more))


def variant(live: Live, folder: Path, name: str, **more: str) -> Any:
    """One of the files beside the eleven, parsed."""
    target = folder / "eic-token"
    write_folder(target, eic_files(address_of(f"{live.url}/scim/v2"), "token"))
    (target / name).rename(target / "Variant.json")
    parsed = Files.of_folder(target, **SECRETS, **more)["Variant"]
    (target / "Variant.json").rename(target / name)
    return parsed


def of_kinds(files: Files, kinds: tuple[str, ...] = KINDS) -> Files:
    """The same files with these entitlement types alone."""
    parts = dict(files["ImportAccountEntJSON"])
    for part in ("entitlementParams", "acctEntParams"):
        types = parts[part]["entTypes"]
        kept = {kind: types[kind] for kind in types if kind in kinds}
        parts[part] = {**parts[part], "entTypes": kept}
    return files.with_(ImportAccountEntJSON=parts)


@contextmanager
def connected(
    live: Live,
    folder: Path,
    *,
    auth: Authentication = "token",
    transport: httpx.BaseTransport | None = None,
    **options: Any,
) -> Iterator[Eic]:
    """An EIC with the shipped files, or with ``files``."""
    files = options.pop("files", None) or shipped_files(live, folder, auth=auth)
    with httpx.Client(transport=transport, trust_env=False) as http:
        yield Eic(files, http, **options)


def expected_links(state: dict[str, Any], kinds: tuple[str, ...] = KINDS) -> set[Any]:
    """The links that an account has as GoTo stores it."""
    found: set[tuple[str, str, str]] = set()
    for user in state["users"]:
        held = {
            "Group": [user["groupKey"]] if user.get("groupKey") else [],
            "License": user.get("licenseKeys", []),
            "AdminRole": user.get("adminRoles", []),
        }
        found |= {(user["key"], kind, key) for kind in kinds for key in held[kind]}
    return found


def user_of(state: dict[str, Any], email: str) -> dict[str, Any] | None:
    """GoTo's record of a user, found by address."""
    return next((user for user in state["users"] if user["email"] == email), None)


def open_tasks(store: Store) -> list[Task]:
    """The tasks that no run has ended."""
    return [task for task in store.tasks if not task.done]
