"""Every wrong type for every attribute, in every verb: a plain line that names the attribute."""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any, Literal

import httpx
import pytest

from bridge.mapping import load_mapping
from tests.conftest import simulated
from tests.scim.face import face_over
from tests.scim.test_bodies import BULK, GROUP, PATCH_OP, USER, plain

SHIPPED = load_mapping()
SCHEMAS = {"User": SHIPPED.users.accepted, "Group": SHIPPED.groups.accepted}
# What the directory says of values that are of the right type and mean nothing in GoTo.
OTHERWISE = {"entitlements": "licence", "roles": "role", "emails": "e-mail", "userName": "e-mail"}
ENDPOINTS = {"User": "/Users", "Group": "/Groups"}
Json = dict[str, Any]
NUMBERS = count(1)
WRONG: dict[str, list[Any]] = {
    "string": [5, 1.5, True, {"a": 1}, ["x", "y"], [], [{}]],
    "reference": [5, True, {"a": 1}, ["x", "y"], "no uri at all"],
    "boolean": ["perhaps", 5, 1.5, {"a": 1}, [True, False], [{}]],
    "integer": ["x", 1.5, True, {"a": 1}, [1, 2]],
    "dateTime": ["yesterday", 5, True, {"a": 1}, []],
    "binary": ["*", 5, True, {"a": 1}, ["x", "y"]],
    "complex": ["x", 5, True, ["x", {"a": 1}], [[]], {"a": 1}, "password-in-clear" * 30],
}


def places(kind: str) -> Iterator[tuple[str, Json, Json | None]]:
    """Each attribute and sub-attribute: what stands before its path, its definition, the part."""
    for schema in SCHEMAS[kind]:
        prefix = "" if schema["id"].endswith(f"core:2.0:{kind}") else f"{schema['id']}:"
        for attribute in schema["attributes"]:
            yield prefix, attribute, None
            for part in attribute.get("subAttributes", ()):
                yield prefix, attribute, part


def sent(prefix: str, attribute: Json, part: Json | None, wrong: Any) -> Json:
    value = wrong
    if part is not None:
        value = {part["name"]: wrong}
        value = [value] if attribute.get("multiValued") else value
    return {prefix[:-1]: {attribute["name"]: value}} if prefix else {attribute["name"]: value}


def paths(prefix: str, attribute: Json, part: Json | None) -> list[str]:
    name = f"{prefix}{attribute['name']}"
    if part is None:
        return [name, f'{name}[type eq "work"]'] if attribute.get("multiValued") else [name]
    found = [f"{name}.{part['name']}"]
    if attribute.get("multiValued"):
        found.append(f'{name}[type eq "work"].{part["name"]}')
    return found


def resource(kind: str, content: Json) -> Json:
    urn = USER if kind == "User" else GROUP
    name = f"n{next(NUMBERS)}@details.example"
    own = {"userName": name} if kind == "User" else {"displayName": name}
    return {"schemas": [urn, *(n for n in content if n.startswith("urn:"))], **own, **content}


def told(answer_status: int, error: Json, name: str) -> None:
    assert answer_status in (200, 201, 400, 409), error
    if answer_status == 400:
        plain(error["detail"])
        words = (name, OTHERWISE.get(name, name))
        assert any(word.casefold() in error["detail"].casefold() for word in words), error
        assert "password-in-clear" * 10 not in error["detail"]
        assert error["scimType"] in ("invalidValue", "mutability", "invalidSyntax", "invalidPath",
                                     "noTarget", "invalidFilter"), error  # fmt: skip


@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("kind", ["User", "Group"])
def test_every_wrong_type_of_every_attribute_is_told_in_plain_words(
    tmp_path_factory: pytest.TempPathFactory, kind: str, profile: Literal["lenient", "strict"]
) -> None:
    async def test() -> None:
        opening = face_over(
            simulated(), tmp_path_factory.mktemp("details"), mapping=SHIPPED, profile=profile
        )
        async with opening as (http, _):
            for prefix, attribute, part in places(kind):
                kinds = (part or attribute)["type"]
                for wrong in WRONG[kinds]:
                    await all_verbs(http, kind, prefix, attribute, part, wrong)

    asyncio.run(test())


async def all_verbs(
    http: httpx.AsyncClient, kind: str, prefix: str, attribute: Json, part: Json | None, wrong: Any
) -> None:
    endpoint, name = ENDPOINTS[kind], attribute["name"]
    content = sent(prefix, attribute, part, wrong)
    made = await http.post(endpoint, json=resource(kind, {}))
    path = f"{endpoint}/{made.json()['id']}"
    bodies: list[tuple[str, str, Json]] = [
        ("POST", endpoint, resource(kind, content)),
        ("PUT", path, resource(kind, content)),
        ("PATCH", path, {"schemas": [PATCH_OP], "Operations": [{"op": "add", "value": content}]}),
    ]
    for target in paths(prefix, attribute, part):
        operations = [{"op": op, "path": target, "value": wrong} for op in ("replace", "remove")]
        bodies += [("PATCH", path, {"schemas": [PATCH_OP], "Operations": [o]}) for o in operations]
    for method, where, content in bodies:
        answer = await http.request(method, where, json=content)
        pathless = method == "PATCH" and "path" not in content["Operations"][0]
        strict_pathless = pathless and "no path" in answer.text
        told(answer.status_code, answer.json(), "path" if strict_pathless else name)
        if answer.status_code == 201:
            await http.delete(f"{endpoint}/{answer.json()['id']}")
    operations = [
        {"method": method, "path": where, "data": content, "bulkId": f"b{at}"}
        for at, (method, where, content) in enumerate(bodies)
    ]
    answer = await http.post("/Bulk", json={"schemas": [BULK], "Operations": operations})
    assert answer.status_code == 200, answer.text
    for outcome in answer.json()["Operations"]:
        if outcome["status"] == "400":
            detail = outcome["response"]["detail"]
            named = "path" if "no path" in detail else name
            told(400, outcome["response"], named)
        else:
            assert outcome["status"] in ("200", "201", "409"), outcome
        if outcome["status"] == "201":
            await http.delete(outcome["location"].partition("/scim/v2")[2])
    await http.delete(path)
