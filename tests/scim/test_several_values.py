"""Attributes with several values: the same one is kept once, and one is primary at most."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping.several import once
from tests.conftest import simulated
from tests.scim.face import face_over

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
CERTIFICATE, OTHER = "TUlJQyE=", "dHVpanl5"

HOME = {"type": "home"}
WORK = {"type": "work"}

# The attribute, what is sent, and what is kept of it.
SAME: list[tuple[str, list[Any], list[Any]]] = [
    ("emails", [{"value": "m@x.co"}, {"value": "m@x.co"}], [{"value": "m@x.co"}]),
    ("emails", [{"value": "m@x.co", **WORK}] * 3, [{"value": "m@x.co", **WORK}]),
    # Neither of these tells case apart (RFC 7643 §4.1.2).
    (
        "emails",
        [{"value": "M@x.co", "type": "Work"}, {"value": "m@X.co", **WORK, "display": "M"}],
        [{"value": "M@x.co", **WORK, "display": "M"}],
    ),
    (
        "emails",
        [{"value": "m@x.co", **WORK}, {"value": "m@x.co", **HOME}, {"value": "m@x.co", **WORK}],
        [{"value": "m@x.co", **WORK}, {"value": "m@x.co", **HOME}],
    ),
    ("phoneNumbers", [{"value": "+39 3", **WORK}] * 2, [{"value": "+39 3", **WORK}]),
    (
        "phoneNumbers",
        [{"value": "+39 3", **WORK}, {"value": "+39 3", **HOME}],
        [{"value": "+39 3", **WORK}, {"value": "+39 3", **HOME}],
    ),
    ("ims", [{"value": "Ada", **HOME}, {"value": "ada", **HOME}], [{"value": "Ada", **HOME}]),
    (
        "photos",
        [{"value": "https://x.co/A", "type": "photo"}, {"value": "https://x.co/a", "type": "photo"}]
        * 2,
        [
            {"value": "https://x.co/A", "type": "photo"},
            {"value": "https://x.co/a", "type": "photo"},
        ],
    ),
    ("addresses", [{"locality": "Rome", **HOME}] * 2, [{"locality": "Rome", **HOME}]),
    (
        "addresses",
        [{"locality": "Rome", **HOME}, {"locality": "Oslo", **HOME}],
        [{"locality": "Rome", **HOME}, {"locality": "Oslo", **HOME}],
    ),
    (
        "x509Certificates",
        [{"value": CERTIFICATE}, {"value": OTHER}, {"value": CERTIFICATE}],
        [{"value": CERTIFICATE}, {"value": OTHER}],
    ),
]

WAYS = [
    *(("lenient", way) for way in ("POST", "PUT", "add", "each", "pathless", "replace")),
    # A strict client may not leave out the path.
    *(("strict", way) for way in ("POST", "PUT", "add", "each", "replace")),
]


def user(**attributes: Any) -> dict[str, Any]:
    return {
        "schemas": [CORE],
        "userName": "ria@example.com",
        "name": {"givenName": "Ria", "familyName": "Rossi"},
        **attributes,
    }


def patch(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": operations}


async def answered(
    folder: Path, profile: str, way: str, name: str, values: list[Any]
) -> dict[str, Any]:
    """What a client reads after it has sent the values, twice."""
    async with face_over(simulated(users=2, groups=1), folder, profile=profile) as (http, _):
        sent = {name: values} if way == "POST" else {}
        answer = await http.post("/Users", json=user(**sent))
        assert answer.status_code == 201, answer.text
        path = f"/Users/{answer.json()['id']}"
        for _ in range(2):
            if way == "PUT":
                answer = await http.put(path, json=user(**{name: values}))
            elif way == "each":
                each = [{"op": "add", "path": name, "value": [value]} for value in values]
                answer = await http.patch(path, json=patch(*each))
            elif way == "pathless":
                operation = {"op": "add", "value": {name: values}}
                answer = await http.patch(path, json=patch(operation))
            elif way != "POST":
                operation = {"op": way, "path": name, "value": values}
                answer = await http.patch(path, json=patch(operation))
            assert answer.status_code < 300, answer.text
        seen: dict[str, Any] = (await http.get(path)).json()
        assert seen == answer.json()
        return seen


@pytest.mark.parametrize(("profile", "way"), WAYS)
@pytest.mark.parametrize(("name", "values", "kept"), SAME)
def test_the_same_value_is_kept_once(
    tmp_path: Path, profile: str, way: str, name: str, values: list[Any], kept: list[Any]
) -> None:
    seen = asyncio.run(answered(tmp_path, profile, way, name, values))[name]
    if name == "emails" and way in ("add", "each", "pathless"):
        # Beside the address that was there, which stays the primary one.
        assert seen.pop(0) == {"value": "ria@example.com", "type": "work", "primary": True}
    assert [{**each, "type": str(each.get("type", "")).lower()} for each in seen] == [
        {**each, "type": each.get("type", "")} for each in kept
    ]


@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "ims"])
@pytest.mark.parametrize("way", ["POST", "PUT", "replace"])
def test_the_primary_value_can_be_sent_twice(tmp_path: Path, name: str, way: str) -> None:
    value = {"value": "m@x.co", "type": "work", "primary": True}
    seen = asyncio.run(answered(tmp_path, "lenient", way, name, [value, value]))
    assert seen[name] == [value]


@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "ims"])
def test_a_value_that_is_added_as_primary_is_the_only_one(tmp_path: Path, name: str) -> None:
    first = {"value": "m@x.co", "type": "work", "primary": True}
    second = {"value": "n@x.co", "type": "home", "primary": True}
    seen = asyncio.run(answered(tmp_path, "lenient", "each", name, [first, second]))
    primary = [each["value"] for each in seen[name] if each.get("primary")]
    assert primary == ["n@x.co"]
    if name == "emails":
        assert seen["emails"][0]["value"] == "n@x.co"


@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "ims"])
@pytest.mark.parametrize("way", ["POST", "PUT", "replace", "add"])
@pytest.mark.parametrize("profile", ["lenient", "strict"])
def test_two_primary_values_are_refused(tmp_path: Path, profile: str, name: str, way: str) -> None:
    values = [{"value": f"{each}@x.co", "primary": True} for each in "mn"]
    with pytest.raises(AssertionError, match="invalidValue"):
        asyncio.run(answered(tmp_path, profile, way, name, values))


def test_of_the_same_value_the_later_one_adds_to_the_first() -> None:
    first = {"value": "A", "type": "work", "primary": True}
    later = {"value": "a", "type": "Work", "display": "x", "primary": False}
    assert once([first, later]) == [{**later, "value": "A", "primary": True}]
    assert once([first, later], case_exact=True) == [first, later]
    assert once(["a", "a", None, 1, 1.5, None, [1], [1]]) == ["a", None, 1, 1.5, [1]]
    assert once([2**70, "\ud800"]) == [2**70, "\ud800"]
