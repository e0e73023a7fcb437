"""The heart: an account's users and groups as SCIM resources. It knows no HTTP."""

from bridge.directory.actor import acting_for
from bridge.directory.directory import Directory
from bridge.directory.entries import (
    Entry,
    GroupEntry,
    Kind,
    MembershipChange,
    MembersPlan,
    UserEntry,
    clients_own,
)
from bridge.directory.licenses import Assignable
from bridge.directory.member_ids import member_key
from bridge.directory.offers import AnyKind, OfferEntry, Shown, is_offer, record_kind
from bridge.directory.paging import Page
from bridge.directory.role_visibility import ROLES_HIDDEN, shows_roles
from bridge.directory.search import Query
from bridge.directory.storage import DirectoryStorage, model_of, wanted_of

__all__ = [
    "ROLES_HIDDEN",
    "AnyKind",
    "Assignable",
    "Directory",
    "DirectoryStorage",
    "Entry",
    "GroupEntry",
    "Kind",
    "MembersPlan",
    "MembershipChange",
    "OfferEntry",
    "Page",
    "Query",
    "Shown",
    "UserEntry",
    "acting_for",
    "clients_own",
    "is_offer",
    "member_key",
    "model_of",
    "record_kind",
    "shows_roles",
    "wanted_of",
]
