"""Saviynt EIC: the files of a REST connection whose target is the bridge.

Knows which files there are and which placeholders they hold; what they say stands in
``mappings/eic``. Only the URL and the kind of authentication change from one bridge to another.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from bridge.recipes.addresses import Address
from bridge.recipes.eic_package import PACKAGE, transport_package
from bridge.recipes.templates import filled, template

Authentication = Literal["token", "client-credentials", "basic"]
AUTHENTICATIONS: tuple[Authentication, ...] = get_args(Authentication)

FOLDER = "eic"
CONNECTION = "ConnectionJSON"
ATTRIBUTES = (
    "ImportAccountEntJSON",
    "CreateAccountJSON",
    "UpdateAccountJSON",
    "EnableAccountJSON",
    "DisableAccountJSON",
    "AddAccessJSON",
    "RemoveAccessJSON",
    "RemoveAccountJSON",
    "STATUS_THRESHOLD_CONFIG",
    "ConfigJSON",
)
BESIDE = (
    "ImportAccountEntJSON.incremental.json",
    "CreateAccountJSON.adopt.json",
    "eic.tf",
    "README.md",
)
SECRETS: Mapping[Authentication, str] = {
    "token": "   the token in place of `@BRIDGE_TOKEN@`, with `Bearer ` before it.",
    "client-credentials": "   the client's name (`eic`) in place of `@CLIENT_ID@`, its token in "
    "place of `@CLIENT_SECRET@`.",
    "basic": "   the client's name (`eic`) in place of `@USER@`, its token in place of "
    "`@PASSWORD@`.",
}


def eic_files(
    address: Address, authentication: Authentication, *, package_at: datetime | None = None
) -> dict[str, bytes]:
    """Return the files by name; ``package_at`` adds the transport package, made at that moment."""
    values = {
        "SCIM_URL": address.scim,
        "TOKEN_URL": address.token,
        "AUTH": authentication,
        "SECRETS": SECRETS[authentication],
    }
    names = {f"{name}.json": f"{name}.json" for name in ATTRIBUTES}
    names |= {f"{CONNECTION}.json": f"{CONNECTION}.{authentication}.json"}
    names |= {name: name for name in BESIDE}
    texts = {name: filled(template(FOLDER, source), values) for name, source in names.items()}
    written = {name: text.encode() for name, text in texts.items()}
    if package_at is not None:
        attributes = {name: texts[f"{name}.json"] for name in ATTRIBUTES}
        written[PACKAGE] = transport_package(attributes, at=package_at)
    return written
