"""SCIM client libraries of Python, on a real socket: the life of a user and of a group.

`scim2-client` reads the service's schemas and checks every answer against them. `scim-client` is
made for users alone, by urllib; groups go by the same transport of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import NotFoundException, PatchOp, PatchOperation, UniquenessException
from scim_client import SCIMClient
from scim_client import User as PlainUser

from bridge.app import SCIM_PATH
from tests.live import TOKEN, Live, live_bridge

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.fixture(params=["lenient", "strict"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Live]:
    with live_bridge(tmp_path, users=5, groups=2, profile=request.param) as bridge:
        yield bridge


@pytest.fixture
def is_strict(request: pytest.FixtureRequest) -> bool:
    return request.node.callspec.params["live"] == "strict"


# -- scim2-client ----------------------------------------------------------


@pytest.fixture
def scim(live: Live, is_strict: bool) -> Iterator[SyncSCIMClient]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(base_url=live.url + SCIM_PATH, headers=headers, timeout=30) as http:
        client = SyncSCIMClient(http)
        # Its model of this page refuses the draft's `interopProfileConformant` of a strict client.
        client.discover(service_provider_config=not is_strict)
        yield client


def changes(model: Any, *operations: PatchOperation) -> Any:
    return PatchOp[model](operations=list(operations))


def put(path: str, value: Any) -> PatchOperation:
    return PatchOperation(op="replace", path=path, value=value)


def one_found(scim: SyncSCIMClient, model: Any, asked: str) -> Any:
    page = scim.query(model, query_parameters={"filter": asked})
    assert page.total_results == len(page.resources) == 1
    return page.resources[0]


def an_ada(scim: SyncSCIMClient) -> Any:
    user = scim.get_resource_model("User")
    return scim.create(
        user(
            user_name="ada@example.com",
            external_id="4711",
            name={"givenName": "Ada", "familyName": "King"},
            emails=[{"value": "ada@example.com", "type": "work", "primary": True}],
            active=True,
            title="Countess",
            locale="sv-SE",
        )
    )


def test_the_life_of_a_user_with_scim2_client(live: Live, scim: SyncSCIMClient) -> None:
    user = scim.get_resource_model("User")
    ada = an_ada(scim)
    assert (ada.user_name, ada.active, ada.locale) == ("ada@example.com", True, "sv-SE")
    assert scim.query(user, ada.id) == ada
    for asked in ('userName eq "ADA@example.com"', 'externalId eq "4711"'):
        assert one_found(scim, user, asked).id == ada.id
    with pytest.raises(UniquenessException):
        an_ada(scim)

    ada.title, ada.name.family_name = "Lady", "Lovelace"
    replaced = scim.replace(ada)
    assert (replaced.title, replaced.name.family_name) == ("Lady", "Lovelace")
    patched = scim.modify(user, ada.id, changes(user, put("title", "Author"), put("locale", "de")))
    assert (patched.title, patched.locale) == ("Author", "de")
    removed = scim.modify(user, ada.id, changes(user, PatchOperation(op="remove", path="title")))
    assert removed.title is None

    assert scim.modify(user, ada.id, changes(user, put("active", False))).active is False
    assert stored(live, "users", ada.id)["status"] == "SUSPENDED"
    again = scim.modify(user, ada.id, changes(user, put("active", True)))
    assert (again.active, [each.value for each in again.entitlements]) == (
        True, [each.value for each in ada.entitlements],
    )  # fmt: skip

    scim.delete(user, ada.id)
    with pytest.raises(NotFoundException):
        scim.query(user, ada.id)
    assert stored(live, "users", ada.id) == {}


def test_the_life_of_a_group_with_scim2_client(live: Live, scim: SyncSCIMClient) -> None:
    user, group = scim.get_resource_model("User"), scim.get_resource_model("Group")
    ada = an_ada(scim)
    team = scim.create(group(display_name="Analysts"))
    assert one_found(scim, group, 'displayName eq "analysts"').id == team.id

    member = [{"value": ada.id}]
    add = PatchOperation(op="add", path="members", value=member)
    grown = scim.modify(group, team.id, changes(group, add))
    assert [each.value for each in grown.members] == [ada.id]
    assert [each.value for each in scim.query(group, team.id).members] == [ada.id]
    assert [each.value for each in scim.query(user, ada.id).groups] == [team.id]
    assert stored(live, "users", ada.id)["groupKey"] == team.id

    one = PatchOperation(op="remove", path=f'members[value eq "{ada.id}"]')
    assert not scim.modify(group, team.id, changes(group, one)).members
    assert not scim.query(user, ada.id).groups

    renamed = scim.modify(group, team.id, changes(group, put("displayName", "Engine")))
    assert renamed.display_name == "Engine"
    assert stored(live, "groups", team.id)["name"] == "Engine"
    scim.delete(group, team.id)
    with pytest.raises(NotFoundException):
        scim.query(group, team.id)


def stored(live: Live, kind: str, key: str) -> dict[str, Any]:
    return next((each for each in live.account()[kind] if each["key"] == key), {})


# -- scim-client -----------------------------------------------------------


@contextmanager
def refused(status: int) -> Iterator[None]:
    with pytest.raises(HTTPError) as refusal:
        yield
    # It holds the socket open.
    refusal.value.close()
    assert refusal.value.code == status


@pytest.fixture
def plain(live: Live) -> SCIMClient:
    return SCIMClient(live.url + SCIM_PATH, TOKEN)


def a_grace() -> PlainUser:
    return PlainUser(
        id="",
        external_id="G-1",
        user_name="grace@example.com",
        active=True,
        name={"given_name": "Grace", "family_name": "Hopper"},
        display_name="Amazing Grace",
        emails=[{"value": "grace@example.com", "type": "work", "primary": True}],
        timezone="Pacific Standard Time",
    )


def test_the_life_of_a_user_with_scim_client(live: Live, plain: SCIMClient) -> None:
    grace = plain.create_user(a_grace())
    assert stored(live, "users", grace.id)["timeZone"] == "America/Los_Angeles"
    read = plain.read_user(grace.id)
    assert (read.user_name, read.active, read.timezone) == (
        "grace@example.com", True, "Pacific Standard Time",
    )  # fmt: skip
    page = plain.search_users('userName eq "grace@example.com"')
    assert (page.total_results, page.resources) == (1, [grace])
    with refused(409):
        plain.create_user(a_grace())

    read.name.family_name, read.display_name = "Murray", "Rear Admiral"
    assert plain.update_user(read).name.family_name == "Murray"
    assert plain.read_user(grace.id).display_name == "Rear Admiral"
    for active, status in ((False, "SUSPENDED"), (True, "INVITED")):
        read.active = active
        assert plain.update_user(read).active is active
        assert stored(live, "users", grace.id)["status"] == status

    assert plain.delete_user(user=grace).status_code == 204
    with refused(404):
        plain.read_user(grace.id)


def test_the_life_of_a_group_by_the_transport_of_scim_client(live: Live, plain: SCIMClient) -> None:
    grace = plain.create_user(a_grace())

    def ask(method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        return plain._make_request(method, path, data=data).body

    def patch(**operation: Any) -> Any:
        body = {"schemas": [PATCH_OP], "Operations": [operation]}
        return ask("PATCH", f"Groups/{key}", body)

    schema = "urn:ietf:params:scim:schemas:core:2.0:Group"
    key = ask("POST", "Groups", {"schemas": [schema], "displayName": "Navy"})["id"]
    patch(op="add", path="members", value=[{"value": grace.id}])
    assert [each["value"] for each in ask("GET", f"Groups/{key}")["members"]] == [grace.id]
    assert plain.read_user(grace.id).extra_fields["groups"][0]["value"] == key
    patch(op="remove", path=f'members[value eq "{grace.id}"]')
    assert not ask("GET", f"Groups/{key}").get("members")
    assert patch(op="replace", path="displayName", value="Fleet")["displayName"] == "Fleet"
    ask("DELETE", f"Groups/{key}")
    with refused(404):
        ask("GET", f"Groups/{key}")
