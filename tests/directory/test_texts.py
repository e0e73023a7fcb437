"""Texts of groups: the same, to the byte, however they are written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.directory.entries import GroupEntry
from bridge.directory.texts import resource_of, text_of
from bridge.goto import GroupRecord
from bridge.store import ResourceState

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BASE: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    "id": "7",
    "displayName": 'Night, "meta":{ shift ü',
    "externalId": ',"meta":{',
    "urn:example:2.0:Shift": {"begins": "8", "meta": {"of": "x"}},
}
MEMBERS: list[list[str]] = [
    [],
    ["8712955166800821198"],
    ["99", "100", "8712955166800821198", "2"],
    [str(number) for number in range(2000)],
    ["12", 'a"b'],
    ["12", "٣"],
    ["group-1"],
]


def group(members: list[str]) -> GroupEntry:
    state = ResourceState("7", first_seen=NOW, last_modified=NOW, version='W/"1"')
    return GroupEntry("7", GroupRecord({"key": "7"}), state, BASE, 0.0, dict.fromkeys(members))


@pytest.mark.parametrize("members", MEMBERS, ids=len)
def test_a_groups_text_is_that_of_its_resource(members: list[str]) -> None:
    entry = group(members)

    assert entry.text == text_of(entry.resource)
    shown = resource_of(entry.text, {})
    assert [each["value"] for each in shown.get("members", [])] == sorted(
        members, key=lambda key: (len(key), key)
    )
