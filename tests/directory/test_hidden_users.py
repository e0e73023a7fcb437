"""Users whom the mapping hides: for a client they do not exist."""

from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import MappingError
from bridge.mapping.patterns import matcher, mistake_in
from bridge.sandbox import SimulatorSettings
from tests.conftest import simulated
from tests.directory.witness import NO_CACHE, Witness, new_user, witnessed_alone
from tests.mapping.mappings import own

HIDING = 'extends = "sandbox"\n[users]\nhide = ["*@devices.logmein.com"]\n'
DEVICE = "000001@devices.logmein.com"


@pytest.mark.parametrize(
    ("patterns", "address", "fits"),
    [
        (["*@devices.logmein.com"], DEVICE, True),
        (["*@devices.logmein.com"], DEVICE.upper(), True),
        (["*@devices.logmein.com"], "a@devices.logmein.com.example.org", False),
        (["*@devices.logmein.com"], "devices.logmein.com", False),
        (["*@devices.logmein.com"], "a@devicesXlogmein.com", False),
        (["room-??@*"], "room-12@example.com", True),
        (["room-??@*"], "room-123@example.com", False),
        (["a@x.org", "b@x.org"], "b@x.org", True),
        ([], DEVICE, False),
    ],
)
def test_a_pattern_fits_an_address(patterns: list[str], address: str, fits: bool) -> None:
    assert matcher(patterns)(address) is fits


@pytest.mark.parametrize(
    "pattern", ["", " ", "*", "*@*", "?*", "[ab]@x.org", "*" * 5 + "a", "a" * 255]
)
def test_a_pattern_that_is_refused(pattern: str) -> None:
    assert mistake_in(pattern)


def test_a_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as refusal:
        own(tmp_path, 'extends = "goto"\n[users]\nhide = ["*"]\n')
    assert "line 3" in str(refusal.value)
    assert "every user" in str(refusal.value)


async def hidden(sees: Witness) -> str:
    """A hidden user, in a group."""
    key = next(key for key, user in sees.account.stored.users.items() if user.email == DEVICE)
    sees.account.put_in_group(next(iter(sees.account.stored.groups)), key)
    return key


@pytest.mark.parametrize("is_warm", [True, False], ids=["snapshot", "none"])
def test_a_hidden_user_does_not_exist(tmp_path: Path, is_warm: bool) -> None:
    async def test(sees: Witness) -> None:
        key = await hidden(sees)
        group = sees.stored(key).group_key
        others = set(sees.account.stored.members(group)) - {key}
        if is_warm:
            listed = await sees.done("GET", "/Users?count=1000")
            assert key not in [each["id"] for each in listed["Resources"]]
            assert listed["totalResults"] == len(sees.account.stored.users) - 3
        for headers in ({}, NO_CACHE):
            assert (await sees.ask("GET", f"/Users/{key}", **headers)).status_code == 404
            for named in (
                f'userName eq "{DEVICE}"',
                f'emails.value eq "{DEVICE}"',
                f'id eq "{key}"',
            ):
                assert await sees.ids(f"/Users?filter={named}", **headers) == []
            shown = await sees.done("GET", f"/Groups/{group}", **headers)
            assert {each["value"] for each in shown["members"]} == others
        assert (await sees.replace(f"/Users/{key}", active=False)).status_code == 404
        assert (await sees.ask("DELETE", f"/Users/{key}")).status_code == 404
        assert (await sees.members("add", group, key)).status_code in (200, 400)
        await sees.members("remove", group, key)
        value: list[Any] = [{"value": each} for each in others]
        operation = {"op": "replace", "path": "members", "value": value}
        assert (await sees.patch(f"/Groups/{group}", operation)).status_code == 200
        assert key in sees.account.stored.users
        assert sees.stored(key).group_key == group

    app = simulated(users=12, groups=3, settings=SimulatorSettings(rate_limit=0, device_rows=3))
    witnessed_alone(tmp_path, test, app=app, mapping=own(tmp_path, HIDING))


def test_a_delete_without_a_snapshot_does_not_reach_a_hidden_user(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        key = await hidden(sees)
        assert (await sees.ask("DELETE", f"/Users/{key}")).status_code == 404
        assert key in sees.account.stored.users

    app = simulated(users=12, groups=3, settings=SimulatorSettings(rate_limit=0, device_rows=3))
    witnessed_alone(tmp_path, test, app=app, mapping=own(tmp_path, HIDING))


def test_nobody_is_given_a_hidden_address(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        other = "a@Devices.logmein.com"
        answers = [await sees.ask("POST", "/Users", {**new_user(), "userName": other})]
        value = [{"value": other, "primary": True}]
        operation = {"op": "replace", "path": "emails", "value": value}
        answers.append(await sees.patch(f"/Users/{user}", operation))
        for answer in answers:
            assert answer.status_code == 400, answer.text
            assert "users.hide" in answer.json()["detail"]
        assert sees.stored(user).email != other

    witnessed_alone(tmp_path, test, mapping=own(tmp_path, HIDING))


def test_without_the_rule_they_are_shown(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        key = await hidden(sees)
        assert key in await sees.ids("/Users?count=1000")

    app = simulated(users=12, groups=3, settings=SimulatorSettings(rate_limit=0, device_rows=3))
    witnessed_alone(tmp_path, test, app=app)
