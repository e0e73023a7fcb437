"""Each quirk by its name: what is sent, and what it is read as; the papers name every one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.directory.provider import accepting_provider, models
from bridge.mapping import load_mapping
from bridge.scim.definitions import definitions
from bridge.scim.dialects import (
    PATCH_OP,
    QUIRKS,
    flag_before_path,
    in_their_schemas,
    mended_filter,
    patch,
    query,
    resource,
    search,
    with_quoted_numbers,
    without_blanks,
)
from bridge.scim.filters import canonical, parsed
from bridge.scim.patch_checks import PatchChecks
from bridge.scim.type_checks import TypeChecks, schemas
from tests.conftest import SANDBOX_MAPPING

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GOTO = "urn:scim:schemas:extension:goto:1:User"
MODEL = models(accepting_provider(SANDBOX_MAPPING))["User"]
PROVIDER = accepting_provider(load_mapping())
CHECKS = TypeChecks(
    definitions(PROVIDER, next(each for each in PROVIDER.resource_types if each.name == "User")),
    lenient=True,
)
DOCUMENT = Path(__file__).parents[2] / "docs" / "dialects.md"
DIALECTS = Path(__file__).parents[2] / "bridge" / "scim" / "dialects"


def user(body: dict[str, Any]) -> dict[str, Any]:
    return resource(body, "User")


def attributes(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource(body, "User").items() if name != "schemas"}


def operations(*sent: Any) -> list[Any]:
    return list(patch({"schemas": [PATCH_OP], "Operations": list(sent)}, "User")["Operations"])


def one(sent: Any) -> list[Any]:
    return operations(sent)


def flagged(raw: str) -> tuple[str, str]:
    return flag_before_path("/", raw)


def filtered(text: str) -> str:
    found = canonical(parsed(mended_filter(text)), [MODEL], root="http://bridge.test", lenient=True)
    return str(found)


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """A body as it is read by the schema, without what every body has."""
    read = CHECKS.resource({"userName": "a", **body})
    return {name: value for name, value in read.items() if name != "userName"}


def placed(body: dict[str, Any]) -> dict[str, Any]:
    return dict(in_their_schemas(body, USER, [ENTERPRISE]))


def done(operation: dict[str, Any]) -> dict[str, Any]:
    return PatchChecks(CHECKS).operation(operation)


def pathed(op: str, path: str | None, value: Any) -> dict[str, Any]:
    return {"op": op, "path": path, "value": value} if path else {"op": op, "value": value}


# A quirk -> how it is read, what is sent, what it means
Example = tuple[Callable[[Any], Any], Any, Any]
EXAMPLES: dict[str, list[Example]] = {
    "boolean as text": [
        (attributes, {"active": "False"}, {"active": False}),
        (attributes, {"emails": [{"primary": "TRUE "}]}, {"emails": [{"primary": True}]}),
        (one, pathed("replace", "active", ["true"]), [pathed("replace", "active", True)]),
    ],
    "blank text": [
        (attributes, {"title": " ", "nickName": "N"}, {"nickName": "N"}),
        (attributes, {"name": {"middleName": ""}}, {}),
    ],
    "object for a list": [
        (attributes, {"emails": {"value": "a@b.c"}}, {"emails": [{"value": "a@b.c"}]}),
    ],
    "bare licence or role": [
        (attributes, {"entitlements": "G2M"}, {"entitlements": [{"value": "G2M"}]}),
        (attributes, {"roles": ["A", "B"]}, {"roles": [{"value": "A"}, {"value": "B"}]}),
    ],
    "bare value": [
        (checked, {"emails": "a@b.c"}, {"emails": [{"value": "a@b.c"}]}),
        (checked, {"phoneNumbers": [1, "2"]}, {"phoneNumbers": [{"value": "1"}, {"value": "2"}]}),
    ],
    "number as text": [
        (checked, {ENTERPRISE: {"employeeNumber": 12345}},
         {ENTERPRISE: {"employeeNumber": "12345"}}),
    ],
    "value in a list": [
        (checked, {"title": ["T"], "name": [{"givenName": "G"}]},
         {"title": "T", "name": {"givenName": "G"}}),
    ],
    "certificate in PEM": [
        (checked, {"x509Certificates": [{"value": "-----BEGIN X-----\nAA\nEC\n-----END X-----"}]},
         {"x509Certificates": [{"value": "AAEC"}]}),
    ],
    "one schema": [(lambda body: schemas(body["schemas"], lenient=True),
                    {"schemas": USER}, [USER])],
    "bare manager": [
        (attributes, {ENTERPRISE: {"manager": "7"}}, {ENTERPRISE: {"manager": {"value": "7"}}}),
        (
            one,
            pathed("add", "manager", [{"value": "7"}]),
            [pathed("add", f"{ENTERPRISE}:manager", {"value": "7"})],
        ),
    ],
    "blank manager": [
        (
            one,
            pathed("replace", f"{ENTERPRISE}:manager", {"value": ""}),
            [{"op": "remove", "path": f"{ENTERPRISE}:manager"}],
        ),
        (
            one,
            pathed("replace", f"{ENTERPRISE}:manager", ""),
            [{"op": "remove", "path": f"{ENTERPRISE}:manager"}],
        ),
    ],
    "schemas left out": [
        (user, {"userName": "a"}, {"schemas": [USER], "userName": "a"}),
        (user, {ENTERPRISE: {"division": "D"}},
         {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"division": "D"}}),
    ],
    "schemas unknown": [
        (user, {"schemas": [USER, "urn:vendor:x"], "userName": "a"},
         {"schemas": [USER], "userName": "a"}),
    ],
    "full name": [
        (placed, {f"{USER}:title": "T"}, {"title": "T"}),
        (placed, {USER: {"title": "T"}, f"{ENTERPRISE}:division": "D"},
         {"title": "T", ENTERPRISE: {"division": "D"}}),
    ],
    "PATCH without schemas": [
        (lambda body: patch(body, "User")["schemas"], {"Operations": []}, [PATCH_OP]),
    ],
    "blank path": [
        (one, {"op": "add", "path": " ", "value": {"title": "T"}},
         [pathed("add", None, {"title": "T"})]),
    ],
    "short enterprise path": [
        (one, pathed("replace", "Department", "D"),
         [pathed("replace", f"{ENTERPRISE}:department", "D")]),
        (one, pathed("replace", None, {"costCenter": "C"}),
         [pathed("replace", None, {f"{ENTERPRISE}:costCenter": "C"})]),
    ],
    "one operation": [
        (lambda body: patch(body, "User")["Operations"],
         {"operations": pathed("replace", "title", "T")}, [pathed("replace", "title", "T")]),
    ],
    "echo in a value": [
        (one, pathed("replace", None, {"id": "1", "schemas": [], "meta": {}, "title": "T"}),
         [pathed("replace", None, {"title": "T"})]),
    ],
    "selection as a key": [
        (one, pathed("add", None, {'phoneNumbers[type eq "work"].value': "1"}),
         [pathed("add", 'phoneNumbers[type eq "work"].value', "1")]),
    ],
    "value in a list of one": [
        (one, pathed("replace", None, [{"title": "T"}]), [pathed("replace", None, {"title": "T"})]),
    ],
    "removal with a value": [
        (done, pathed("remove", "ims", ["a"]), pathed("remove", "ims", [{"value": "a"}])),
        (done, pathed("remove", "ims.type", "x"),
         {"op": "remove", "path": 'ims[type eq "x"].type'}),
        (done, pathed("remove", "title", "T"), {"op": "remove", "path": "title"}),
    ],
    "add of nothing": [(one, pathed("add", "title", ""), [])],
    "replace by nothing": [
        (one, pathed("Replace", "title", ""), [{"op": "remove", "path": "title"}]),
        (one, pathed("replace", None, {"title": None}), [{"op": "remove", "path": "title"}]),
    ],
    "bare value for a list": [
        (one, pathed("add", "members", "7"), [pathed("add", "members", [{"value": "7"}])]),
    ],
    "query names in any case": [(query, "StartIndex=1&COUNT=2", {"startIndex": "1", "count": "2"})],
    "sort order in any case": [
        (without_blanks, {"sortOrder": " Descending"}, {"sortOrder": "descending"}),
    ],
    "null in a search": [(search, {"Filter": None, "count": 2}, {"count": 2})],
    "blank parameter": [
        (without_blanks, {"count": "", "filter": "", "cursor": ""}, {"filter": "", "cursor": ""}),
    ],
    "value without quotes": [
        (mended_filter, "externalId eq ab-1", 'externalId eq "ab-1"'),
        (mended_filter, "userName eq a@b.c and active eq true",
         'userName eq "a@b.c" and active eq true'),
        (mended_filter, 'title eq "x eq y" and externalId eq abc',
         'title eq "x eq y" and externalId eq "abc"'),
    ],
    "number for a text": [(with_quoted_numbers, "id eq 42", 'id eq "42"')],
    "short enterprise filter": [
        (filtered, 'manager eq "7"', f'{ENTERPRISE}:manager.value eq "7"'),
        (filtered, 'department eq "D"', f'{ENTERPRISE}:department eq "D"'),
    ],
    "brackets around one value": [
        (filtered, 'name[givenName eq "A"]', 'name pr and name.givenName eq "A"'),
        (filtered, 'manager[value eq "7"]',
         f'{ENTERPRISE}:manager pr and {ENTERPRISE}:manager.value eq "7"'),
    ],
    "boolean or number as text in a filter": [
        (filtered, 'active eq "True"', "active eq true"),
        (filtered, f'{GOTO}:inviteCount gt "3"', f"{GOTO}:inviteCount gt 3"),
    ],
    "flag before the path": [
        (flagged, "aadOptscim062020/Users/1?count=2", ("/Users/1", "count=2")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_quirk_is_read_as_what_it_means(name: str) -> None:
    for read, sent, means in EXAMPLES[name]:
        assert read(sent) == means


def test_every_quirk_has_an_example_a_source_and_a_name_of_its_own() -> None:
    assert [quirk.name for quirk in QUIRKS] == list(EXAMPLES)
    assert all(quirk.means and quirk.source for quirk in QUIRKS)


def test_what_is_right_already_stays_as_it_is() -> None:
    body = {
        "schemas": [USER, ENTERPRISE], "userName": "a", "active": True,
        "emails": [{"value": "a@b.c", "primary": True}],
        ENTERPRISE: {"manager": {"value": "7"}, "department": "D"},
    }  # fmt: skip
    right = [pathed("replace", "title", "T"), {"op": "remove", "path": "nickName"}]

    assert resource(body, "User") == body
    assert operations(*right) == right
    for text in ('userName eq "a b"', 'emails[type eq "work" and value eq "x"]', "active eq true"):
        assert mended_filter(text) == text
    assert flag_before_path("/Users", "aadOptscim062020") == ("/Users", "aadOptscim062020")


def test_the_table_in_the_papers_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    begin = next(index for index, row in enumerate(rows) if row[0] == "quirk") + 2
    told = rows[begin : begin + len(QUIRKS)]
    assert told == [(quirk.name, quirk.means, quirk.source) for quirk in QUIRKS]


def test_no_rule_goes_by_the_name_of_a_product() -> None:
    products = re.compile(r"entra|azure|okta|onelogin|saviynt|sailpoint|midpoint|user.agent",
                          re.IGNORECASE)  # fmt: skip
    for path in DIALECTS.glob("*.py"):
        if path.name != "quirks.py":
            assert products.findall(path.read_text("utf-8")) == [], path.name
