"""The client's verbs against the simulated GoTo, with its quirks turned either way."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bridge.errors import (
    GoToRejected,
    GoToUnavailable,
    GrantRefused,
    OutcomeUnknown,
    RecordConflict,
    RecordNotFound,
)
from bridge.goto import AccessTokens, GoToClient, Grant, NewUser, Throttle
from bridge.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    PERSONAL_ACCESS_TOKEN,
    SimulatorSettings,
    simulated_goto,
)
from tests.goto.scripted import no_sleep

Story = Callable[[GoToClient, httpx.AsyncClient], Awaitable[Any]]


def tell(
    story: Story,
    *,
    users: int = 25,
    rate: float = 0,
    throttle: Throttle | None = None,
    page_size: int = 1000,
    secret: str = CLIENT_SECRET,
    **settings: Any,
) -> Any:
    """Run ``story`` with a client and the simulator's own HTTP side."""
    app = simulated_goto(users=users, settings=SimulatorSettings(**{"rate_limit": 0, **settings}))

    async def run() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://goto.test") as http:
            tokens = AccessTokens(
                http,
                auth_url="http://goto.test",
                client_id=CLIENT_ID,
                client_secret=secret,
                grant=Grant(
                    kind="pat", secret=PERSONAL_ACCESS_TOKEN, obtained_at=datetime.now(UTC)
                ),
                store=_keep_nothing,
                sleep=no_sleep,
            )
            client = GoToClient(
                http,
                grant=tokens,
                throttle=throttle or Throttle(rate),
                page_size=page_size,
                sleep=no_sleep,
            )
            await client.connect()
            return await story(client, http)

    return asyncio.run(run())


async def _keep_nothing(_: Grant) -> None:
    return None


def new_user(email: str) -> NewUser:
    return NewUser({"email": email, "firstName": "Ada", "lastName": "L"})


async def go_wrong(http: httpx.AsyncClient, **rule: Any) -> None:
    response = await http.put("/_sim/faults", json={"rules": [rule]})
    assert response.is_success, response.text


async def journal(http: httpx.AsyncClient) -> list[str]:
    entries = (await http.get("/_sim/journal")).json()
    return [f"{entry['method']} {entry['path'].partition('/accounts/')[2]}" for entry in entries]


@pytest.mark.parametrize("key_type", ["string", "number"])
@pytest.mark.parametrize("page_size", [1000, 7])
def test_every_user_comes_once_in_pages_of_any_size(page_size: int, key_type: str) -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        state = (await http.get("/_sim/state")).json()
        users = await client.users(fields=["email", "groupKey"])
        assert [user.key for user in users] == [str(user["key"]) for user in state["users"]]
        assert all(set(user) <= {"key", "email", "groupKey"} for user in users)
        assert [g.key for g in await client.groups()] == [str(g["key"]) for g in state["groups"]]

    tell(story, page_size=page_size, key_type=key_type)


@pytest.mark.parametrize("lag", [0, 30])
def test_a_user_lives_from_create_to_delete(lag: int) -> None:
    async def story(client: GoToClient, _: httpx.AsyncClient) -> None:
        meeting = next(
            record
            for record in await client.licenses()
            if record.assignable and record.free and "G2M" in record.products
        )
        (created,) = await client.create_users(
            [new_user("ada@example.com")], license_keys=[meeting.key], suppress_email=True
        )
        assert created.key
        await client.update_user(created.key, {"lastName": "Lovelace", "licenseKeys": []})
        await asyncio.sleep(lag / 1000)
        user = await client.user(created.key)
        assert (user.last_name, user.license_keys, user.status) == ("Lovelace", (), "SUSPENDED")
        assert [user.key for user in await client.users_by_email("ADA@example.com")] == [user.key]
        await client.delete_user(user.key)
        await asyncio.sleep(lag / 1000)
        with pytest.raises(RecordNotFound):
            await client.user(user.key)
        assert await client.users_by_email("ada@example.com") == []

    tell(story, read_after_write_lag_ms=lag)


@pytest.mark.parametrize("group_key_type", ["string", "number"])
@pytest.mark.parametrize("write_status", [200, 204])
def test_a_group_lives_from_create_to_delete(group_key_type: str, write_status: int) -> None:
    async def story(client: GoToClient, _: httpx.AsyncClient) -> None:
        key = await client.create_group("Alpha Flight")
        with pytest.raises(RecordConflict) as taken:
            await client.create_group("Alpha Flight")
        assert taken.value.code == "group.name.conflict"
        await client.rename_group(key, "Beta Flight")
        user = (await client.users())[3]
        await client.put_in_group(key, user.key)
        group = await client.group(key)
        assert (group.name, group.user_keys) == ("Beta Flight", (user.key,))
        assert [member.key for member in await client.group_users(key)] == [user.key]
        assert (await client.user(user.key)).group_key == key
        assert await client.take_out_of_group(key, user.key)
        assert (await client.user(user.key)).group_key is None
        await client.delete_group(key)
        with pytest.raises(RecordNotFound):
            await client.group(key)

    tell(story, group_key_type=group_key_type, write_status=write_status)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"remove_nonmember": "refuse"},
        {"per_group_removal": False, "per_group_removal_off_status": 405},
        {"per_group_removal": False, "per_group_removal_off_status": 404},
    ],
)
def test_a_removal_from_one_group_leaves_the_other_alone(settings: dict[str, Any]) -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        first, second = [group.key for group in await client.groups()][:2]
        one, other = [user.key for user in await client.users()][3:5]
        await client.put_in_group(second, one)
        await client.take_out_of_group(first, one)
        assert (await client.user(one)).group_key == second
        assert await client.take_out_of_group(second, one)
        assert (await client.user(one)).group_key is None
        await client.put_in_group(first, other)
        await http.delete("/_sim/journal")
        assert await client.take_out_of_group(first, other)
        assert (await client.user(other)).group_key is None
        if not settings.get("per_group_removal", True):
            assert len(await journal(http)) == 3, "the missing path is not tried again"

    tell(story, **settings)


def test_an_existing_address_is_a_conflict_or_comes_back_without_a_key() -> None:
    async def story(client: GoToClient, _: httpx.AsyncClient) -> None:
        taken = (await client.users())[2].email
        with pytest.raises(RecordConflict):
            await client.create_users([new_user("new@example.com"), new_user(taken)])
        assert await client.users_by_email("new@example.com") == []
        created = await client.create_users(
            [new_user("new@example.com"), new_user(taken)], all_or_nothing=False
        )
        assert [entry.key is None for entry in created] == [False, True]

    tell(story)


@pytest.mark.parametrize("dialect", ["both", "eq", "regex"])
@pytest.mark.parametrize("email", ["o'hara+x.y-z_1@example.com", "w&e|i$r^d*{x}?@example.com"])
def test_an_address_is_found_in_either_filter_dialect(dialect: str, email: str) -> None:
    async def story(client: GoToClient, _: httpx.AsyncClient) -> None:
        (created,) = await client.create_users([new_user(email)])
        assert [user.key for user in await client.users_by_email(email)] == [created.key]
        assert [user.key for user in await client.users_by_email(email.upper())] == [created.key]
        assert await client.users_by_email("x" + email) == []

    tell(story, filter_dialects=dialect)


def test_no_free_seat_is_told_with_goto_s_code() -> None:
    async def story(client: GoToClient, _: httpx.AsyncClient) -> None:
        webinar = next(
            record
            for record in await client.licenses()
            if record.assignable and "G2W" in record.products
        )
        users = [new_user(f"u{n}@example.com") for n in range(webinar.free + 1)]
        with pytest.raises(GoToRejected) as refused:
            await client.create_users(users, license_keys=[webinar.key])
        assert refused.value.code == "license.seats.exhausted"

    tell(story)


def test_the_account_s_own_roles_are_listed() -> None:
    async def story(client: GoToClient, _: httpx.AsyncClient) -> None:
        assert all("id" in role and "name" in role for role in await client.role_sets())

    tell(story)


def test_a_lost_answer_of_a_create_is_unknown_and_not_sent_again() -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        await go_wrong(http, match={"method": "POST"}, drop=True, after=True)
        await http.delete("/_sim/journal")
        with pytest.raises(OutcomeUnknown):
            await client.create_users([new_user("lost@example.com")])
        assert len(await journal(http)) == 1
        assert len(await client.users_by_email("lost@example.com")) == 1

    tell(story)


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}, {"status": 429}])
def test_a_list_survives_faults_in_its_middle(fault: dict[str, Any]) -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        await go_wrong(http, match={"path": "/users", "query": "offset=8"}, times=2, **fault)
        assert len(await client.users()) == 25

    tell(story, page_size=5)


def test_a_list_cut_off_for_good_is_an_error_and_never_short() -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        await go_wrong(http, match={"path": "/users", "query": "offset=8"}, status=500)
        with pytest.raises(GoToUnavailable):
            await client.users()

    tell(story, page_size=5)


def test_expired_tokens_are_renewed_by_one_call_however_many_need_it() -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        await http.put("/_sim/settings", json={"now_offset_s": 4000})
        await http.delete("/_sim/journal")
        await asyncio.gather(*(client.groups() for _ in range(20)))
        entries = (await http.get("/_sim/journal")).json()
        assert [entry["path"] for entry in entries].count("/oauth/token") == 1

    tell(story)


def test_a_client_that_goto_does_not_know_is_a_refused_grant() -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        raise AssertionError("connected with a wrong secret")

    with pytest.raises(GrantRefused, match="BRIDGE_GOTO_CLIENT_SECRET"):
        tell(story, secret="wrong")


def test_the_rate_limit_of_goto_is_never_hit() -> None:
    async def story(client: GoToClient, http: httpx.AsyncClient) -> None:
        await http.put("/_sim/settings", json={"rate_limit": 40})
        await asyncio.sleep(1)
        await http.delete("/_sim/journal")
        keys = [user.key for user in await client.users()]
        await asyncio.gather(*(client.user(keys[n % 25]) for n in range(80)))
        entries = (await http.get("/_sim/journal")).json()
        assert {entry["status"] for entry in entries} == {200}

    tell(story, rate=40)
