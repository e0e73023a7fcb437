"""The names of all that is understood beside the standard, and who was seen to send it.

What is done about each stands in the other modules; ``tests/scim/test_dialects.py`` has an example
of every one, and ``docs/dialects.md`` the table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirk:
    """A departure from the RFCs: its name, what is understood, and where it is known from."""

    name: str
    means: str
    source: str


ENTRA = "Microsoft Entra ID's provisioning documentation"
MANAGERS = ENTRA + "; directory-scimple#1242"
ONELOGIN = "OneLogin (seen)"
VALIDATOR = "the Entra SCIM validator"
OKTA = "Okta and authentik (seen)"
TEMPLATES = "templates of REST connectors: Saviynt EIC, OneLogin"
GOLDFISH = "Captain-P-Goldfish's SCIM SDK"
REMOVERS = "Microsoft's reference client, connectors of Apache Syncope and SAP"
REST = "connectors that read databases and CSV files"
INFERRED = "follows from the forms before"

# A row a line, as it stands in the papers.
# fmt: off
QUIRKS = (
    # -- Values, in resources and operations
    Quirk("boolean as text", '`"True"` for `true`, also in a list of one', ENTRA),
    Quirk("blank text", "an empty or blank text is an absent value", OKTA + "; " + TEMPLATES),
    Quirk(
        "object for a list", "one object where a list belongs is a list of one", ONELOGIN
    ),
    Quirk("bare licence or role", "a text in `entitlements` or `roles` is the value", INFERRED),
    Quirk("bare value", "a text or number in `emails` and the like is its `value`", INFERRED),
    Quirk("number as text", "`employeeNumber: 12345` is `\"12345\"`", REST),
    Quirk("value in a list", "a list of one where one value belongs is that value", GOLDFISH),
    Quirk("certificate in PEM", "its lines without the first and last are the base64", INFERRED),
    Quirk("one schema", "a text in `schemas` is a list of one", INFERRED),
    Quirk(
        "bare manager", "a manager as text, or in a list of one", MANAGERS
    ),
    Quirk("blank manager", "a manager without a value is none", VALIDATOR),
    # -- Resources
    Quirk("schemas left out", "`schemas` of a body without any are added", "midPoint's connector"),
    Quirk("schemas unknown", "unknown schemas in `schemas` are dropped", ENTRA + "; " + TEMPLATES),
    Quirk(
        "full name", "`urn:…:User:title` in a body, or in an object under the URN, is `title`",
        INFERRED,
    ),
    # -- Operations of a PATCH
    Quirk("PATCH without schemas", "`schemas` are added", TEMPLATES),
    Quirk("blank path", "an empty `path` is none", INFERRED),
    Quirk("short enterprise path", "`department` is the enterprise extension's", ENTRA),
    Quirk("one operation", "one object in `Operations` is a list of one", INFERRED),
    Quirk("echo in a value", "`id`, `schemas`, `meta` in a value without a path are dropped", OKTA),
    Quirk(
        "selection as a key", '`phoneNumbers[type eq "work"].value` as a key is a path', INFERRED
    ),
    Quirk("value in a list of one", "an operation's value may stand in a list of one", GOLDFISH),
    Quirk(
        "removal with a value",
        "of an attribute with several values, those that the value tells are removed",
        REMOVERS,
    ),
    Quirk("add of nothing", "an `add` of an empty value does nothing", INFERRED),
    Quirk(
        "replace by nothing",
        "a `replace` by an empty value is a removal; `emails` stay",
        VALIDATOR,
    ),
    Quirk(
        "bare value for a list",
        "a text for `members`, `emails` and the like is its value",
        INFERRED,
    ),
    # -- Queries and filters
    Quirk("query names in any case", "`startindex` is `startIndex`", INFERRED),
    Quirk("sort order in any case", "`sortOrder=Descending` is `descending`", INFERRED),
    Quirk("null in a search", "a parameter that is null was not sent", INFERRED),
    Quirk("blank parameter", "`count=` was not sent; an empty filter is a mistake", TEMPLATES),
    Quirk("value without quotes", '`externalId eq abc` is `externalId eq "abc"`', ENTRA),
    Quirk("number for a text", '`id eq 42` is `id eq "42"` where the attribute is text', INFERRED),
    Quirk(
        "short enterprise filter", "`manager eq` and `department eq` without their schema", ENTRA
    ),
    Quirk(
        "brackets around one value", '`name[givenName eq "A"]` is `name.givenName eq "A"`', INFERRED
    ),
    Quirk(
        "boolean or number as text in a filter", '`active eq "True"` is `active eq true`', INFERRED
    ),
    Quirk("flag before the path", "`/scim/v2?flag/Users` is `/scim/v2/Users`", ENTRA),
)
# fmt: on
