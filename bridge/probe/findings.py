"""Findings of a probe: their names, their outcomes, and the effect of each on the bridge.

Knows the words; how an outcome is found out is in the modules of steps.
"""

from collections.abc import Mapping

NAMES = (
    "projection",
    "list_order",
    "filters",
    "read_lag",
    "rights",
    "custom_roles",
    "groups_per_user",
    "removal",
    "license_calls",
    "suspension",
    "email_change",
    "create_conflict",
)
"""All findings, in the order in which they are found."""
UNKNOWN = "unknown"

EFFECTS: Mapping[str, Mapping[str, str]] = {
    "rights": {
        "complete": "The bridge can give and take roles, and sees them.",
        "roles-hidden": "Records show no roles: make `roles` read-only in the mapping, because "
        "the bridge cannot tell who holds one.",
        "roles-refused": "GoTo lets this administrator give no roles: make `roles` read-only in "
        "the mapping.",
        "roles-hidden-and-refused": "Records show no roles, and none can be given: make `roles` "
        "read-only in the mapping.",
        "roles-ignored": "GoTo accepts roles and does not give them: make `roles` read-only in "
        "the mapping.",
        "lacking": "The administrator lacks a role that the bridge needs; `goto-scim-bridge check` "
        "names it.",
    },
    "projection": {
        "complete": "The bridge asks for the fields that it uses, and for no others.",
        "partial": "GoTo leaves out fields that were asked for: the bridge asks for whole records.",
        "refused": "GoTo refuses a list of fields: the bridge asks for whole records.",
    },
    "list_order": {
        "stable": "Lists are read page by page, and pages are asked for ahead.",
        "unstable": "The order of a list changes between two pages: the bridge reads a list again "
        "until every row was there. Lists of over 1,000 rows may be refused.",
    },
    "filters": {
        "kept": "The bridge looks users up by filters, and checks each match.",
        "ignored": "GoTo answers a filter with rows that do not match: the bridge reads each user "
        "by key, and looks addresses up in its snapshot or in the whole list.",
        "refused": "GoTo refuses both kinds of filters: the bridge looks users up in the whole "
        "list.",
    },
    "custom_roles": {
        "none": "The account has no custom role.",
        "listed": "Custom roles can be listed. A user who has one counts as active.",
        "settable": "GoTo lets custom roles be given through the API; the bridge shows them, and "
        "never changes them.",
        "read-only": "The bridge shows custom roles and never changes them; a user who has one "
        "cannot be deactivated through the bridge.",
        "hidden": "GoTo does not list custom roles to this administrator: the bridge cannot name "
        "them.",
    },
    "create_conflict": {
        "refused": "GoTo refuses to create an address twice: the bridge answers 409.",
        "without-key": "GoTo answers a second create with 2xx and no key: the bridge reads back "
        "before it believes a create, and answers 409.",
        "existing-key": "GoTo answers a second create with the key of the first user: the bridge "
        "reads before it creates, and answers 409.",
        "duplicate": "GoTo creates an address twice: let one client alone create users.",
    },
    "groups_per_user": {
        "move": "A user is in one group. Putting the user into another one moves the user.",
        "refuse": "A user is in one group. Putting the user into another one is an error until "
        "the user has left the first.",
        "add": "A user can be in several groups: the groups' own records show the members, and the "
        "bridge sends no removal that would hit another group.",
    },
    "removal": {
        "single": "The bridge takes a user out of one group with the call for that group.",
        "all-only": "The bridge uses the call that takes a user out of all groups, and only for a "
        "user who is in no other group.",
        "accepted-not-done": "GoTo accepts a removal and does not do it: the bridge reads each "
        "removal back, and answers it with an error while GoTo shows the member.",
        "none": "GoTo has no call for a removal: the bridge answers a removal with an error.",
    },
    "license_calls": {
        "works": "GoTo can take one licence of one user. The bridge sends whole lists, which does "
        "the same.",
        "missing": "GoTo has no call for one licence of one user: the bridge sends whole lists.",
        "refused": "GoTo refuses the call for one licence of one user: the bridge sends whole "
        "lists.",
        "accepted-not-done": "GoTo accepts the call for one licence of one user and does not do "
        "it: the bridge sends whole lists.",
    },
    "suspension": {
        "clears": "An empty list takes all licences or roles away: `active: false` suspends.",
        "ignored": "GoTo ignores an empty list: the bridge reads each deactivation back, and "
        "answers it with an error while GoTo shows the user as before.",
    },
    "email_change": {
        "taken": "The bridge changes the address with which a user signs in.",
        "ignored": "GoTo accepts another address and keeps the old one: the bridge reads each "
        "change back, and answers it with an error.",
        "refused": "GoTo refuses another address: the bridge answers a change with an error.",
    },
}


def effect(name: str, outcome: str) -> str:
    """Return what the bridge does because of an outcome."""
    if name == "read_lag":
        if outcome == "none":
            return "Reads show a write at once."
        return (
            f"Reads showed a write within {outcome} ms. The bridge answers from what it wrote, and "
            "reads a write back several times before it says that the write did not take."
        )
    return EFFECTS[name][outcome]
