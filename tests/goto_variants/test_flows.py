"""The core flows under each thing that GoTo may do otherwise, one at a time.

Every answer is right, or an error that says why: never a 2xx that is not so after a refresh.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox import SimulatorSettings
from tests.conftest import SANDBOX_MAPPING, simulated
from tests.directory.witness import Witness, witnessed_alone
from tests.goto_variants.flows import FLOWS, SUSPENDING, Facts, Refused

VARIANTS: Mapping[str, dict[str, Any]] = {
    "default": {},
    "membership refuse": {"membership": "refuse"},
    "membership add": {"membership": "add"},
    "membership add, first shown": {"membership": "add", "shown_group": "first"},
    "removal all-only": {"removal": "all-only"},
    "removal all-only, 405": {"removal": "all-only", "per_group_removal_off_status": 405},
    "removal accepted-not-done": {"removal": "accepted-not-done"},
    "removal none": {"removal": "none"},
    "non-members refused": {"remove_nonmember": "refuse"},
    "suspension ignored": {"suspension": "ignored"},
    "empty licences ignored": {"empty_license_keys": "ignore"},
    "roles not visible": {"roles_visible": False},
    "roles not writable": {"roles_writable": False},
    "roles neither": {"roles_visible": False, "roles_writable": False},
    "projection partial": {"projection": "partial"},
    "projection refused": {"projection": "refused"},
    "projection off": {"projection": "off"},
    "attributes": {"projection_spelling": "attributes"},
    "attributeNames": {"projection_spelling": "attributeNames"},
    "e-mail ignored": {"email_change": "ignored"},
    "e-mail refused": {"email_change": "refused"},
    "filter ignored": {"filter": "ignored"},
    "filter eq": {"filter_dialects": "eq"},
    "filter regex": {"filter_dialects": "regex"},
    "order unstable": {"list_order": "unstable"},
    "order unstable, small pages": {"list_order": "unstable", "max_page_size": 5},
    "toIndex inclusive": {"to_index": "inclusive"},
    "device rows": {"device_rows": 3},
    "a refresh token for a PAT": {"pat_refresh_token": True},
    "no scope": {"identity_scope": False},
    "locks are 403": {"locked_status": 403},
    "license calls": {"license_calls": True},
    "left out": {"bulk_conflict": "left_out"},
    "full groups are kept": {"delete_nonempty_group": "refuse"},
    "members move up": {"delete_nonempty_group": "move_up"},
    "200 for all": {"create_status": 200, "write_status": 200},
    "numbers": {"key_type": "number", "group_key_type": "number"},
    "no revival": {"revive_deleted": False},
}

# What GoTo may do otherwise to a write: these are run with each policy.
WRITES = ("membership", "removal", "suspension", "empty licences", "roles", "e-mail", "default")
# A GoTo that tells the truth, which is believed without a look.
TRUTHFUL = ("default", "membership refuse", "removal all-only", "removal none", "200 for all")


def cases() -> list[Any]:
    first = [(variant, "first") for variant in VARIANTS]
    always = [(variant, "always") for variant in VARIANTS if variant.startswith(WRITES)]
    never = [(variant, "never") for variant in TRUTHFUL]
    return [
        pytest.param(variant, policy, flow)
        for variant, policy in (*first, *always, *never)
        for flow in FLOWS
    ]


@pytest.mark.parametrize(("variant", "policy", "flow"), cases())
def test_an_answer_is_right_or_an_error(
    tmp_path: Path, variant: str, policy: Any, flow: str
) -> None:
    settings = VARIANTS[variant]
    has_scope = settings.get("identity_scope", True)
    options = SimulatorSettings(**{"rate_limit": 0, **settings, "identity_scope": True})
    mapping = SUSPENDING if flow == "user_deleted_by_suspension" else SANDBOX_MAPPING

    async def test(sees: Witness) -> None:
        if not has_scope:
            await sees.bridge.control.put("/_sim/settings", json={"identity_scope": False})
        await sees.ask("GET", "/Users")
        try:
            facts = await FLOWS[flow](sees)
        except Refused as refusal:
            answer = refusal.answer
            assert variant != "default", answer.text
            assert answer.status_code in (400, 404, 409, 501, 502, 503), answer.text
            assert len(answer.json()["detail"]) > 20, answer.text
            return
        await holds(facts, "at once")
        sees.clock.grow_old()
        await holds(facts, "after a refresh")

    app = simulated(users=12, groups=3, settings=options)
    witnessed_alone(tmp_path, test, app=app, mapping=mapping, **options_of(policy))


def options_of(policy: Any) -> dict[str, Any]:
    return {"verify_writes": policy, "client": {"trusts_projection": False}}


async def holds(facts: Facts, when: str) -> None:
    for name, fact in facts.items():
        assert await fact(), f"{when}, this is not so: {name}"
