"""What must outlive a restart: grants, held attributes, resource versions and client tokens.

The room knows SQL, sealing and how a database is brought to today's schema. It knows neither SCIM
nor GoTo: to it a held attribute is JSON under a key, and a grant is JSON under a name.
"""

from bridge.store.audit import LONGEST_RELEASE, RELEASED, AuditEntry
from bridge.store.database import StoreUnavailable
from bridge.store.findings import Finding, Findings, probed_in_words
from bridge.store.journal import Intent, new_intent
from bridge.store.leases import Lease, Leases
from bridge.store.migrate import SchemaState, schema_state
from bridge.store.passes import PassChange, StoredPass, StoredRecord
from bridge.store.probe_objects import ProbeObject, ProbeObjects
from bridge.store.sealer import Sealer
from bridge.store.secret_key import SecretKeys, existing_keys, secret_keys
from bridge.store.states import ResourceState
from bridge.store.store import Store
from bridge.store.tokens import ClientToken, hash_token
from bridge.store.writes import Write, beginning, burying, noting, saving

__all__ = [
    "LONGEST_RELEASE",
    "RELEASED",
    "AuditEntry",
    "ClientToken",
    "Finding",
    "Findings",
    "Intent",
    "Lease",
    "Leases",
    "PassChange",
    "ProbeObject",
    "ProbeObjects",
    "ResourceState",
    "SchemaState",
    "Sealer",
    "SecretKeys",
    "Store",
    "StoreUnavailable",
    "StoredPass",
    "StoredRecord",
    "Write",
    "beginning",
    "burying",
    "existing_keys",
    "hash_token",
    "new_intent",
    "noting",
    "probed_in_words",
    "saving",
    "schema_state",
    "secret_keys",
]
