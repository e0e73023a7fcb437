"""An emulated EIC that is connected to a bridge by the very files that the recipe writes."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bridge.recipes import Authentication, address_of, eic_files, write_folder
from tests.eic.emulator import Eic, Entitlement, Files, Person
from tests.live import TOKEN

KINDS = ("Group", "License", "AdminRole")
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
    url: str, folder: Path, *, auth: Authentication = "token", **replaced: str
) -> Files:
    """Write the recipe's files for this bridge, and read them with the secrets filled in.

    ``replaced`` are secrets that differ.
    """
    target = shipped_folder(url, folder, auth=auth)
    return of_kinds(Files.of_folder(target, **{**SECRETS, **replaced}))


def shipped_folder(url: str, folder: Path, *, auth: Authentication = "token") -> Path:
    """Write the recipe's files for this bridge; returns where they are."""
    target = folder / f"eic-{auth}"
    write_folder(target, eic_files(address_of(url), auth))
    return target


def without_escapes(files: Files) -> Files:
    """The files as docs/eic.md has them changed for an EIC that escapes values itself."""
    names = ("CreateAccountJSON", "UpdateAccountJSON")
    changed = {name: files[name] for name in names}
    for name, parsed in changed.items():
        (call,) = parsed["call"]
        body = re.sub(r"\.replace\('(?:[^'\\]|\\.)*','(?:[^'\\]|\\.)*'\)", "", call["httpParams"])
        changed[name] = {**parsed, "call": [{**call, "httpParams": body}]}
    return files.with_(**changed)


def variant(url: str, name: str, **replaced: str) -> Any:
    """One of the files beside the eleven, parsed."""
    text = eic_files(address_of(url), "token")[name].decode()
    for placeholder, value in replaced.items():
        text = text.replace(f"@{placeholder}@", value)
    return json.loads(text)


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
    url: str,
    folder: Path,
    *,
    auth: Authentication = "token",
    transport: httpx.BaseTransport | None = None,
    **options: Any,
) -> Iterator[Eic]:
    """An EIC with the shipped files, or with ``files``."""
    files = options.pop("files", None) or shipped_files(url, folder, auth=auth)
    with httpx.Client(transport=transport or httpx.HTTPTransport(), trust_env=False) as http:
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


def key_of(state: dict[str, Any], name: str) -> str:
    """The key of a group by its name, or of a licence by its description."""
    named = [(group["name"], group["key"]) for group in state["groups"]]
    named += [(each["description"], each["key"]) for each in state["licenses"]]
    return next(str(key) for known, key in named if known == name)


def entitlement(eic: Eic, kind: str, key: str) -> Entitlement:
    """The entitlement as it was imported."""
    return eic.store.entitlements.get((kind, key)) or Entitlement(kind, key, {})
