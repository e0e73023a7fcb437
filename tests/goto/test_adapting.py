"""What a probe found is where the client begins: fewer calls, and the same answers."""

from typing import Any

import httpx
import pytest

from bridge.goto import AccountBehavior, GoToClient
from tests.goto.test_against_simulator import Story, tell

FIELDS = ("email", "status", "licenseKeys")


def behaving(**known: Any) -> AccountBehavior:
    return AccountBehavior(**known)


def test_findings_are_read_by_name_and_others_are_passed_over() -> None:
    told = {"removal": "all-only", "read_lag": "1500", "write.rename": "taken"}
    behavior = AccountBehavior.from_findings(told)
    assert behavior == AccountBehavior(removal="all-only", read_lag_ms=1500)
    assert AccountBehavior.from_findings({"read_lag": "none"}).read_lag_ms == 0
    assert AccountBehavior.from_findings({"read_lag": "unknown"}) == AccountBehavior()


PROJECTIONS: list[tuple[dict[str, Any], dict[str, str], int, int]] = [
    # What GoTo does; what was found out; the calls of a first and of a second list.
    # Where nothing was found out, some rows are compared before the first list.
    ({}, {}, 3, 1),
    ({}, {"projection": "complete", "projection_spelling": "attributes"}, 1, 1),
    ({"projection": "refused"}, {}, 4, 1),
    ({"projection": "refused"}, {"projection": "refused"}, 1, 1),
    ({"projection": "partial"}, {}, 4, 1),
    ({"projection": "partial"}, {"projection": "partial"}, 1, 1),
    ({"projection": "off"}, {"projection_spelling": "none"}, 1, 1),
    ({"projection_spelling": "attributeNames"}, {"projection_spelling": "attributeNames"}, 3, 1),
]


@pytest.mark.parametrize(("settings", "known", "first", "second"), PROJECTIONS)
def test_rows_are_whole_whatever_becomes_of_a_list_of_fields(
    settings: dict[str, Any], known: dict[str, str], first: int, second: int
) -> None:
    async def story(goto: GoToClient, _: httpx.AsyncClient) -> None:
        goto.adapt(behaving(**known))
        for calls in (first, second):
            before = goto.calls
            users = await goto.users(fields=FIELDS)
            assert goto.calls - before == calls
            assert len(users) == 25
            assert all(user.status and user.email for user in users)
            assert sum(bool(user.license_keys) for user in users) > 15

    tell(connected(story), **settings)


def test_the_projection_that_was_found_is_the_one_that_is_sent() -> None:
    async def story(goto: GoToClient, control: httpx.AsyncClient) -> None:
        goto.adapt(behaving(projection="complete", projection_spelling="attributeNames"))
        await goto.users(fields=FIELDS)
        journal = (await control.get("/_sim/journal")).json()
        assert journal[-1]["query"].startswith("attributeNames=key,email")

    tell(connected(story))


def test_a_known_removal_is_sent_first() -> None:
    async def story(goto: GoToClient, control: httpx.AsyncClient) -> None:
        goto.adapt(behaving(removal="all-only"))
        user = next(user for user in await goto.users() if user.group_key)
        assert await goto.take_out_of_group(str(user.group_key), user.key, just_read=True)
        journal = (await control.get("/_sim/journal")).json()
        deletes = [each["path"] for each in journal if each["method"] == "DELETE"]
        assert deletes == [f"/admin/rest/v1/accounts/{goto.account_key}/users/{user.key}/groups"]
        assert (await goto.user(user.key)).group_key is None

    tell(connected(story), removal="all-only")


def test_a_known_dialect_of_filters_is_sent_first() -> None:
    async def story(goto: GoToClient, _: httpx.AsyncClient) -> None:
        goto.adapt(behaving(filters="kept", filter_dialect="regex"))
        before = goto.calls
        assert len(await goto.users_by_email("admin@example.com")) == 1
        assert goto.calls - before == 1

    tell(connected(story), filter_dialects="regex")


def test_what_was_found_wrongly_is_noticed() -> None:
    async def story(goto: GoToClient, _: httpx.AsyncClient) -> None:
        goto.adapt(behaving(projection="complete", projection_spelling="attributes"))
        assert all(user.status for user in await goto.users(fields=FIELDS))

    tell(connected(story), projection="partial")


def connected(story: Story) -> Story:
    async def after_connecting(goto: GoToClient, control: httpx.AsyncClient) -> None:
        await goto.connect()
        await story(goto, control)

    return after_connecting


def test_users_are_counted_without_a_list_of_fields() -> None:
    async def story(goto: GoToClient, _: httpx.AsyncClient) -> None:
        assert await goto.user_count() == 25

    tell(connected(story), projection="refused")
