"""What the pages say of the service, held to a bridge over a simulated GoTo."""

import asyncio
import base64
import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from scim2_models import ScimFilter

from bridge.mapping import load_mapping
from bridge.mapping.limits import AUTO_HIGHEST, AUTO_LOWEST
from tests.conftest import simulated
from tests.recipes.pages import (
    NAMES,
    URL,
    attributes,
    fences,
    rows,
    section,
    spans,
    text_of,
)
from tests.scim.face import face_over

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ROOT = Path(__file__).parents[2]
SAMPLES: dict[str, Any] = {
    "userName": "ada.recipe@example.com",
    "emails": "ada.work@example.com",
    "name.givenName": "Ada",
    "name.familyName": "Lovelace",
    "displayName": "Countess Ada",
    "locale": "en-GB",
    "timezone": "Europe/Berlin",
    "title": "Analyst",
    "externalId": "AD-1815",
    "active": True,
}
each = pytest.mark.parametrize("name", NAMES)


def parts_of(path: str) -> tuple[str, str]:
    """The schema and the attribute, without a selection, that a path names."""
    plain = re.sub(r"\[.*\]", "", path)
    if not plain.startswith("urn:"):
        return CORE, plain
    urn, _, attribute = plain.rpartition(":")
    return urn, attribute


def definition(schemas: list[dict[str, Any]], path: str) -> dict[str, Any]:
    urn, attribute = parts_of(path)
    (schema,) = (schema for schema in schemas if schema["id"] == urn)
    found: dict[str, Any] = {"subAttributes": schema["attributes"]}
    if attribute == "externalId":
        return {"mutability": "readWrite"}  # a common attribute: in no schema (RFC 7643 §3.1)
    for word in attribute.split("."):
        (found,) = (each for each in found["subAttributes"] if each["name"] == word)
    return found


def sample(path: str) -> Any:
    _, attribute = parts_of(path)
    return SAMPLES.get(attribute, SAMPLES.get(attribute.partition(".")[0], f"a {attribute}"))


def value_at(resource: dict[str, Any], path: str) -> Any:
    urn, attribute = parts_of(path)
    found: Any = resource if urn == CORE else resource[urn]
    for word in attribute.split("."):
        found = found[0][word] if isinstance(found, list) else found[word]
    return found


@each
def test_every_attribute_is_published_and_can_be_written_by_its_path(
    tmp_path: Path, name: str
) -> None:
    paths = attributes(name)

    async def scenario() -> None:
        async with face_over(simulated(users=3, groups=1), tmp_path) as (http, _):
            schemas = (await http.get("/Schemas")).json()["Resources"]
            for path in paths:
                assert definition(schemas, path)["mutability"] == "readWrite", path
            made = await http.post(
                "/Users", json={"schemas": [CORE], "userName": "someone@example.com"}
            )
            location = f"/Users/{made.json()['id']}"
            for path in paths:
                operation = {"op": "replace", "path": path, "value": sample(path)}
                answer = await http.patch(
                    location, json={"schemas": [PATCH], "Operations": [operation]}
                )
                assert answer.status_code == 200, (path, answer.text)
                assert value_at(answer.json(), path) == sample(path), path

    assert {"userName", "name.givenName", "name.familyName"} <= set(paths)
    asyncio.run(scenario())


def requests(name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The reads of the service that a page names: path and parameters."""
    named = [span for span in spans(name) if span.startswith((URL, "/", "filter="))]
    found = []
    for span in named:
        if span.startswith(("/health", "/oauth", "/scim", "/opt")) or "{" in span:
            continue
        path = span.removeprefix(URL)
        split = urlsplit(f"/Users?{path}" if path.startswith("filter=") else path)
        found.append((split.path or "/Users", parse_qsl(split.query, keep_blank_values=True)))
    return found


def test_every_endpoint_and_filter_that_a_page_names_is_served(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with face_over(simulated(users=3, groups=1), tmp_path) as (http, _):
            for name in NAMES:
                for path, parameters in requests(name):
                    answer = await http.get(path, params=parameters)
                    assert answer.status_code == 200, (name, path, parameters)

    for name in NAMES:
        assert {path for path, _ in requests(name)} >= {"/ServiceProviderConfig", "/Users"}
    assert ("/ResourceTypes/Group", []) in requests("sailpoint")
    asyncio.run(scenario())


def test_what_to_match_by_finds_exactly_one(tmp_path: Path) -> None:
    pattern = re.compile(r"^Matching attribute: `(\w+)`$", re.MULTILINE)
    matching = {name: pattern.findall(text_of(name)) for name in NAMES}

    async def scenario() -> None:
        async with face_over(simulated(users=5, groups=1), tmp_path) as (http, _):
            wanted = (await http.get("/Users?count=2")).json()["Resources"][1]
            for name, (attribute,) in matching.items():
                asked = f"{attribute} eq {ScimFilter.quote(wanted[attribute].upper())}"
                found = (await http.get("/Users", params={"filter": asked})).json()
                assert [user["id"] for user in found["Resources"]] == [wanted["id"]], name

    asyncio.run(scenario())


def test_numbers_of_the_mapping_are_those_of_the_pages() -> None:
    mapping = load_mapping()
    for name in NAMES:
        text = " ".join(text_of(name).split())
        assert mapping.destructive_per_hour == "auto"
        assert f"within an hour, at least {AUTO_LOWEST} and at most {AUTO_HIGHEST}." in text
        if "thirteen" in text:
            assert "`locale`" in text
    shipped = tomllib.loads((ROOT / "mappings" / "goto.toml").read_text("utf-8"))
    assert len(shipped["values"]["locale"]) == 13


def test_the_ways_to_sign_in_are_those_that_the_service_announces(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with face_over(simulated(users=1, groups=1), tmp_path) as (http, _):
            config = (await http.get("/ServiceProviderConfig")).json()
            return [scheme["name"] for scheme in config["authenticationSchemes"]]

    announced = asyncio.run(scenario())
    for name in NAMES:
        told = [row["way to sign in"] for row, _ in rows(section(name, "Before you begin"))]
        assert told == announced
        (own,) = re.findall(
            r"^Ways to sign in: (.+)$", section(name, "What to type where"), re.MULTILINE
        )
        assert set(own.split(", ")) <= set(announced)


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_that_is_to_be_written_loads(tmp_path: Path, name: str) -> None:
    for number, text in enumerate(fences(name, "toml")):
        own = tmp_path / f"own{number}.toml"
        own.write_text(text)
        assert load_mapping(own).shown_as_groups == ("licenses", "roles")


# -- What is to be pasted, and what platforms are said to send ---------------------


async def created(http: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post("/Users", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_onelogins_template_makes_a_user_with_and_without_values(tmp_path: Path) -> None:
    (template,) = fences("onelogin", "json")
    values = {
        "parameters.scimusername": "ol@example.com",
        "user.email": "ol@example.com",
        "user.firstname": "One",
        "user.lastname": "Login",
        "parameters.department": "Sales",
        "user.id": "4711",
    }

    async def scenario() -> None:
        async with face_over(simulated(users=2, groups=1), tmp_path) as (http, _):
            body = json.loads(
                re.sub(r"\{\$([\w.]+)\}", lambda match: values.get(match[1], ""), template)
            )
            made = await created(http, body)
            assert made["userName"] == "ol@example.com"
            assert made["externalId"] == "4711"
            assert made["displayName"] == "One Login"
            assert "title" not in made

    assert set(re.findall(r"\{\$([\w.]+)\}", template)) <= {
        code[2:-1] for code in spans("onelogin") if code.startswith("{$")
    }
    asyncio.run(scenario())


def authentik_says(source: str, user: Any) -> dict[str, Any]:
    """Run a property mapping as authentik does: the body of a function of ``request``."""
    body = "".join(f"    {line}\n" for line in source.splitlines())
    scope: dict[str, Any] = {}
    exec(f"def mapped(request):\n{body}", scope)
    result: dict[str, Any] = scope["mapped"](SimpleNamespace(user=user))
    return result


def test_authentiks_mappings_make_a_user_with_licence_and_role(tmp_path: Path) -> None:
    basic, lists = fences("authentik", "python")
    groups = SimpleNamespace(
        all=lambda: [SimpleNamespace(name=name) for name in ("goto-meeting", "goto-user-admins")]
    )
    user = SimpleNamespace(email="ak@example.com", name="A K", is_active=True, ak_groups=groups)
    name = {"formatted": "A K", "givenName": "A", "familyName": "K"}
    body = {"schemas": [CORE], "name": name, **authentik_says(basic, user)}

    async def scenario() -> None:
        async with face_over(simulated(users=2, groups=1), tmp_path) as (http, _):
            made = await created(http, {**body, **authentik_says(lists, user)})
            assert made["userName"] == "ak@example.com"
            assert made["urn:scim:schemas:extension:goto:1:User"]["products"] == ["G2M"]
            assert [role["value"] for role in made["roles"]] == ["MANAGE_USERS"]

    asyncio.run(scenario())


def test_entras_roles_replace_and_its_roles_as_json_are_refused(tmp_path: Path) -> None:
    plain = {
        "primary": False,
        "type": "WindowsAzureActiveDirectoryRole",
        "display": "User admins",
        "value": "MANAGE_USERS",
    }
    as_json = {"value": '{"id":"06b07648","value":"MANAGE_USERS","displayName":"User admins"}'}

    async def scenario() -> None:
        async with face_over(simulated(users=2, groups=1), tmp_path) as (http, _):
            made = await created(http, {"schemas": [CORE], "userName": "entra@example.com"})
            location = f"/Users/{made['id']}?aadOptscim062020"
            replace = {"op": "replace", "path": "roles", "value": [plain]}
            answer = await http.patch(location, json={"schemas": [PATCH], "Operations": [replace]})
            assert [role["value"] for role in answer.json()["roles"]] == ["MANAGE_USERS"]
            add = {"op": "Add", "path": "roles", "value": [as_json]}
            answer = await http.patch(location, json={"schemas": [PATCH], "Operations": [add]})
            assert answer.status_code == 400
            assert answer.json()["scimType"] == "invalidValue"

    asyncio.run(scenario())


def test_oktas_attributes_of_one_value_give_licence_and_role(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with face_over(simulated(users=2, groups=1), tmp_path) as (http, _):
            made = await created(
                http,
                {
                    "schemas": [CORE],
                    "userName": "okta@example.com",
                    "entitlements": [{"type": "license", "value": "G2M"}],
                    "roles": [{"type": "base", "value": "MANAGE_USERS"}],
                    "active": True,
                },
            )
            assert len(made["entitlements"]) == len(made["roles"]) == 1
            kept = {key: made[key] for key in ("schemas", "id", "userName", "name")}
            answer = await http.put(f"/Users/{made['id']}", json={**kept, "active": True})
            assert answer.json()["entitlements"] == made["entitlements"]
            assert answer.json()["roles"] == made["roles"]

    asyncio.run(scenario())


def test_licences_as_groups_behave_as_the_pages_say(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(fences("sailpoint", "toml")[0].replace('"goto"', '"sandbox"'))

    async def scenario() -> None:
        async with face_over(simulated(users=3, groups=1), tmp_path, mapping=load_mapping(own)) as (
            http,
            _,
        ):
            listed = (await http.get("/Groups")).json()["Resources"]
            shown = [group for group in listed if not group["id"].isdigit()]
            assert {group["id"].partition("-")[0] for group in shown} == {"license", "role"}
            (role,) = (group for group in shown if group["id"] == "role-MANAGE_USERS")
            user = (await http.get("/Users?count=1")).json()["Resources"][0]
            location = f"/Groups/{role['id']}"
            # As Okta does: the name again, which is no change, and then a member.
            same = {
                "op": "replace",
                "value": {"id": role["id"], "displayName": role["displayName"]},
            }
            add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
            for operation, status in (
                (same, 200),
                (add, 200),
                ({"op": "replace", "value": {"displayName": "Another name"}}, 400),
            ):
                answer = await http.patch(
                    location, json={"schemas": [PATCH], "Operations": [operation]}
                )
                assert answer.status_code == status, answer.text
            assert (await http.delete(location)).status_code == 403
            after = (await http.get(f"/Users/{user['id']}")).json()
            assert [each["value"] for each in after["roles"]] == ["MANAGE_USERS"]
            assert role["id"] in [group["value"] for group in after["groups"]]

    asyncio.run(scenario())


def test_basic_is_the_clients_name_and_its_token(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with face_over(simulated(users=1, groups=1), tmp_path) as (http, _):
            encoded = base64.b64encode(b"BRIDGE_TOKEN:a-token-for-tests").decode()
            answer = await http.get("/Users", headers={"Authorization": f"Basic {encoded}"})
            assert answer.status_code == 200

    asyncio.run(scenario())


def test_keycloaks_user_is_known_by_its_only_e_mail_and_gets_its_roles(tmp_path: Path) -> None:
    body = {
        "schemas": [CORE],
        "userName": "kc@example.com",
        "externalId": "a-user-id",
        "displayName": "Key Cloak",
        "name": {"givenName": "Key", "familyName": "Cloak"},
        "emails": [{"value": "key.cloak@example.com"}],
        "active": True,
        "roles": [{"value": "MANAGE_USERS"}],
    }

    async def scenario() -> None:
        async with face_over(simulated(users=2, groups=1), tmp_path) as (http, bridge):
            made = await created(http, body)
            emails = {user["email"] for user in (await bridge.state())["users"]}
            # The only e-mail is the address, with neither a type nor `primary`.
            assert "key.cloak@example.com" in emails
            assert "kc@example.com" not in emails
            assert made["userName"] == "kc@example.com"
            assert [role["value"] for role in made["roles"]] == ["MANAGE_USERS"]

    asyncio.run(scenario())


def test_a_name_of_one_word_as_authentik_sends_it_is_completed(tmp_path: Path) -> None:
    body = {
        "schemas": [CORE],
        "userName": "prince@example.com",
        "name": {"formatted": "Prince", "givenName": "Prince", "familyName": ""},
    }

    async def scenario() -> None:
        async with face_over(simulated(users=2, groups=1), tmp_path) as (http, _):
            made = await created(http, body)
            assert made["name"]["givenName"] == "Prince"
            assert made["name"]["familyName"]

    asyncio.run(scenario())


def test_a_count_of_nothing_tells_the_number_of_users(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with face_over(simulated(users=7, groups=1), tmp_path) as (http, bridge):
            counted = (await http.get("/Users?count=0")).json()["totalResults"]
            assert counted == len((await bridge.state())["users"])

    asyncio.run(scenario())
