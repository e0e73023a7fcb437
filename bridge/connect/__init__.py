"""How the bridge gets its grant for GoTo, where the grant is kept, and that it stays alive.

Knows GoTo's client, the store and the settings; knows neither SCIM nor the terminal nor how health
and metrics are shown.
"""

from bridge.connect.age import ends_soon, grant_age, grant_facts, grant_left, grant_told
from bridge.connect.connection import (
    Account,
    AccountUnclear,
    Connection,
    check_client,
    choose_account,
    connect_with_code,
    connect_with_pat,
)
from bridge.connect.consent import (
    Code,
    Consent,
    ConsentRefused,
    ask_consent,
    read_pasted,
)
from bridge.connect.keeper import Keeper, Rhythm
from bridge.connect.listener import (
    LOOPBACK,
    PATH,
    USUAL_PORT,
    RedirectListener,
    listen_for_redirect,
)
from bridge.connect.rights import missing_roles
from bridge.connect.stored import Grants

__all__ = [
    "LOOPBACK",
    "PATH",
    "USUAL_PORT",
    "Account",
    "AccountUnclear",
    "Code",
    "Connection",
    "Consent",
    "ConsentRefused",
    "Grants",
    "Keeper",
    "RedirectListener",
    "Rhythm",
    "ask_consent",
    "check_client",
    "choose_account",
    "connect_with_code",
    "connect_with_pat",
    "ends_soon",
    "grant_age",
    "grant_facts",
    "grant_left",
    "grant_told",
    "listen_for_redirect",
    "missing_roles",
    "read_pasted",
]
