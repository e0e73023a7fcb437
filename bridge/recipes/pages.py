"""The platforms that are connected by hand: a page for each, with what to type where.

Knows which platforms there are. What is said of them stands in ``mappings/recipes``, a file for
each, and in ``mappings/recipes/parts`` what is the same for all.
"""

from collections.abc import Mapping

from bridge.recipes.addresses import Address
from bridge.recipes.templates import filled, template

FOLDER = "recipes"
PLATFORMS: Mapping[str, str] = {
    "entra": "Microsoft Entra ID",
    "okta": "Okta",
    "sailpoint": "SailPoint",
    "midpoint": "midPoint",
    "one-identity": "One Identity Manager",
    "onelogin": "OneLogin",
    "jumpcloud": "JumpCloud",
    "ping": "Ping Identity",
    "keycloak": "Keycloak",
    "authentik": "authentik",
}
PARTS = ("marks", "before", "goto", "groups", "try")


def page(name: str, address: Address) -> str:
    """Return the page of one of ``PLATFORMS`` in Markdown, for a bridge at this address."""
    parts = {f"PART_{part.upper()}": template(f"{FOLDER}/parts", f"{part}.md") for part in PARTS}
    values = {"NAME": name, "SCIM_URL": address.scim, "TOKEN_URL": address.token}
    return filled(template(FOLDER, f"{name}.md"), {**parts, **values})
