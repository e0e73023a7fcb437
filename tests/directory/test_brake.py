"""The brake: how many users may be taken away within an hour, and how the rest is let through."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge.directory.brake import Brake
from bridge.directory.ledger import Ledger
from bridge.directory.time import SteadyClock
from bridge.errors import BrakeHolds
from bridge.mapping import DestructiveLimit, hourly_limit, load_mapping
from bridge.store import RELEASED, AuditEntry, Sealer, Store
from tests.conftest import SANDBOX_MAPPING, braked, simulated
from tests.directory.witness import Witness, new_user, witnessed_alone

HOUR = timedelta(hours=1)


def seen_with(folder: Path, test: Any, *, allowed: DestructiveLimit = 3, **options: Any) -> None:
    """Run a test with a bridge that lets so many go."""
    mapping = braked(SANDBOX_MAPPING, allowed=allowed)
    witnessed_alone(folder, test, mapping=mapping, **options)


async def statuses(sees: Witness, method: str, keys: list[str]) -> list[int]:
    """What a client is told of each user that it takes away, one after another."""
    if method == "DELETE":
        return [(await sees.ask("DELETE", f"/Users/{key}")).status_code for key in keys]
    return [(await sees.replace(f"/Users/{key}", active=False)).status_code for key in keys]


def gone(sees: Witness, keys: list[str]) -> int:
    """How many of them the account no longer lets in."""
    users = sees.account.stored.users
    return sum(key not in users or not users[key].license_keys for key in keys)


# -- How many --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "users", "expected"),
    [
        ("auto", 0, 5), ("auto", 25, 5), ("auto", 59, 5), ("auto", 60, 6), ("auto", 4_999, 499),
        ("auto", 5_000, 500), ("auto", 100_000, 500), (0, 100_000, 0), (3, 100_000, 3),
        (50, 25, 50),
    ],
)  # fmt: skip
def test_auto_is_a_tenth_of_the_account_within_bounds(
    limit: DestructiveLimit, users: int, expected: int
) -> None:
    assert hourly_limit(limit, users=users) == expected


def test_the_shipped_mapping_keeps_a_client_from_deleting_a_small_account(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        told = await statuses(sees, "DELETE", sees.somebody(9))
        assert told == [204] * 5 + [429] * 4

    witnessed_alone(tmp_path, test, mapping=load_mapping())


# -- What is stopped -----------------------------------------------------------------


def test_deletes_beyond_the_limit_are_429_and_never_reach_goto(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        keys = sees.somebody(5)
        assert await statuses(sees, "DELETE", keys) == [204, 204, 204, 429, 429]
        answer = await sees.ask("DELETE", f"/Users/{keys[4]}")
        assert answer.json()["status"] == "429"
        assert "goto-scim-bridge release-brake" in answer.json()["detail"]
        assert 5 <= int(answer.headers["retry-after"]) <= 3600
        assert gone(sees, keys) == 3
        await sees.agree()

    seen_with(tmp_path, test)


def test_deactivations_and_deletions_share_one_limit(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        first, second, third, fourth = sees.somebody(4)
        assert await statuses(sees, "PATCH", [first, second]) == [200, 200]
        assert await statuses(sees, "DELETE", [third, fourth]) == [204, 429]
        assert (await sees.replace(f"/Users/{fourth}", active=False)).status_code == 429
        state = (await sees.bridge.store.states(sees.account.key, "User"))[fourth]
        assert state.parked is None, "what was stopped leaves nothing behind"
        # What takes nobody away goes on.
        assert (await sees.replace(f"/Users/{fourth}", displayName="Ada")).status_code == 200
        assert (await sees.replace(f"/Users/{first}", active=True)).status_code == 200
        await sees.done("POST", "/Users", new_user())
        await sees.agree()

    seen_with(tmp_path, test)


def test_taking_the_last_licence_away_is_a_deactivation(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        keys = [key for key in sees.somebody(6) if not sees.stored(key).admin_roles][:4]
        remove = {"op": "remove", "path": "entitlements"}
        told = [(await sees.patch(f"/Users/{key}", remove)).status_code for key in keys]
        assert told == [200, 200, 429, 429]
        assert gone(sees, keys) == 2
        await sees.agree()

    seen_with(tmp_path, test, allowed=2)


def test_a_suspended_user_who_is_suspended_again_does_not_count(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        first, second, third = sees.somebody(3)
        assert await statuses(sees, "PATCH", [first] * 5) == [200] * 5
        assert await statuses(sees, "PATCH", [second, third]) == [200, 429]

    seen_with(tmp_path, test, allowed=2)


def test_users_made_within_the_hour_do_not_count(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        made = [(await sees.done("POST", "/Users", new_user()))["id"] for _ in range(3)]
        made.append(sees.new_at_goto("noor@example.com"))
        await sees.agree(**{"Cache-Control": "no-cache"})
        assert await statuses(sees, "PATCH", made) == [200] * 4
        assert await statuses(sees, "DELETE", made) == [204] * 4
        assert await statuses(sees, "DELETE", sees.somebody(2)) == [204, 429]

    seen_with(tmp_path, test, allowed=1)


def test_with_auto_a_tenth_of_the_account_may_go(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        keys = sees.somebody(7)
        assert await statuses(sees, "DELETE", keys) == [204] * 6 + [429]

    seen_with(tmp_path, test, allowed="auto", app=simulated(users=60, groups=3))


def test_a_number_means_that_number_in_an_account_of_any_size(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        assert await statuses(sees, "DELETE", sees.somebody(3)) == [204] * 2 + [429]

    seen_with(tmp_path, test, allowed=2, app=simulated(users=60, groups=3))


def test_zero_stops_each_of_them(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        assert await statuses(sees, "DELETE", sees.somebody(1)) == [429]

    seen_with(tmp_path, test, allowed=0)


def test_of_many_at_once_not_one_too_many_goes(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        keys = sees.somebody(40)
        half = [sees.ask("DELETE", f"/Users/{key}") for key in keys[:20]]
        half += [sees.replace(f"/Users/{key}", active=False) for key in keys[20:]]
        answers = [answer.status_code for answer in await asyncio.gather(*half)]
        assert answers.count(429) == 33
        assert gone(sees, keys) == 7

    seen_with(tmp_path, test, allowed=7, app=simulated(users=60, groups=3))


def test_a_bulk_request_is_stopped_in_the_middle(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        operations = [{"method": "DELETE", "path": f"/Users/{key}"} for key in sees.somebody(5)]
        schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
        done = await sees.done("POST", "/Bulk", {"schemas": [schema], "Operations": operations})
        told = [operation["status"] for operation in done["Operations"]]
        assert told == ["204", "204", "204", "429", "429"]
        assert "release-brake" in done["Operations"][4]["response"]["detail"]

    seen_with(tmp_path, test)


def test_what_fails_gives_its_count_back(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        keys = sees.somebody(3)
        await sees.faults({"match": {"method": "DELETE"}, "status": 500})
        assert await statuses(sees, "DELETE", keys * 2) == [503] * 6
        await sees.faults({"match": {"method": "PUT"}, "status": 500})
        assert await statuses(sees, "PATCH", keys * 2) == [503] * 6
        assert await statuses(sees, "DELETE", ["99999999999999"] * 6) == [404] * 6
        await sees.faults()
        assert await statuses(sees, "DELETE", keys) == [204, 204, 429]

    seen_with(tmp_path, test, allowed=2)


def test_a_lost_reply_counts_once(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        keys = sees.somebody(3)
        await sees.faults({"match": {"method": "DELETE"}, "status": 500, "after": True})
        assert await statuses(sees, "DELETE", keys) == [204, 204, 429]

    seen_with(tmp_path, test, allowed=2)


def test_what_is_found_out_later_counts_then(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        first, second = sees.somebody(2)
        gone = {"match": {"method": "DELETE"}, "status": 500, "after": True}
        blind = {"match": {"method": "GET", "path": "/users/"}, "status": 500}
        await sees.faults(gone, blind)
        assert await statuses(sees, "DELETE", [first]) == [503]
        await sees.faults()
        sees.clock.now += 30
        assert await statuses(sees, "DELETE", [first, second]) == [204, 429]

    seen_with(tmp_path, test, allowed=1)


# -- What outlives a restart -----------------------------------------------------------


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    app = simulated(users=12, groups=3)
    made: list[str] = []

    async def before(sees: Witness) -> None:
        made.append((await sees.done("POST", "/Users", new_user()))["id"])
        first, second = sees.somebody(2)
        assert await statuses(sees, "DELETE", [first]) == [204]
        assert await statuses(sees, "PATCH", [second]) == [200]

    async def after(sees: Witness) -> None:
        assert await statuses(sees, "DELETE", made) == [204], "it is new still"
        assert await statuses(sees, "DELETE", sees.somebody(2)) == [204, 429]

    seen_with(tmp_path, before, app=app)
    seen_with(tmp_path, after, app=app)


# -- How it is released ------------------------------------------------------------------


def test_a_release_by_another_process_is_taken_up_at_once(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        keys = sees.somebody(6)
        assert await statuses(sees, "DELETE", keys[:3]) == [204, 204, 429]
        await released(sees.bridge.store, sees.account.key)
        assert await statuses(sees, "DELETE", keys[2:]) == [204, 204, 429, 429]
        await released(sees.bridge.store, sees.account.key, until=datetime.now(UTC) + HOUR)
        assert await statuses(sees, "DELETE", keys[4:]) == [204, 204]

    seen_with(tmp_path, test, allowed=2)


async def released(
    store: Store, account: str, *, at: datetime | None = None, until: datetime | None = None
) -> None:
    """Release the brake as another process does."""
    detail = {"until": until.isoformat()} if until else None
    entry = AuditEntry(at or datetime.now(UTC), "operator", RELEASED, detail=detail)
    await store.audit(account, [entry])


class Moved:
    """A wall clock and a monotonic one, which tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.seconds = 100.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def on(self, **time: float) -> None:
        self.seconds += timedelta(**time).total_seconds()
        self.set(**time)

    def set(self, **time: float) -> None:
        """Step the wall clock alone, as an operator or a time server does."""
        self.now += timedelta(**time)


async def taken(brake: Brake, *keys: str) -> list[bool]:
    """Whether each of these may be taken away."""
    passed = []
    for key in keys:
        try:
            async with brake.passing("delete", key):
                passed.append(True)
        except BrakeHolds:
            passed.append(False)
    return passed


def made(store: Store, clock: Moved, *, allowed: int = 2) -> Brake:
    steady = SteadyClock(wall=clock, monotonic=clock.monotonic)
    return Brake(Ledger(store, "1"), allowed=allowed, now=steady, wall=clock)


def with_brake(folder: Path, test: Any, *, allowed: int = 2) -> None:
    async def run() -> None:
        store = await Store.open(f"sqlite:///{folder / 'bridge.db'}", sealer=Sealer([b"k" * 32]))
        clock = Moved()
        try:
            await test(made(store, clock, allowed=allowed), clock, store)
        finally:
            await store.close()

    asyncio.run(run())


def test_the_hour_slides(tmp_path: Path) -> None:
    async def test(brake: Brake, clock: Moved, _: Store) -> None:
        assert await taken(brake, "1") == [True]
        clock.on(minutes=40)
        assert await taken(brake, "2", "3") == [True, False]
        assert brake.retry_after == 20 * 60
        clock.on(minutes=20)
        assert await taken(brake, "3", "4") == [True, False]
        assert brake.retry_after == 40 * 60
        clock.on(minutes=39, seconds=59)
        assert brake.retry_after == 5, "some seconds at least"
        clock.on(minutes=20)
        assert (brake.count, brake.holds) == (1, False)

    with_brake(tmp_path, test)


def test_a_release_for_a_time_ends_with_a_count_that_begins_anew(tmp_path: Path) -> None:
    async def test(brake: Brake, clock: Moved, store: Store) -> None:
        assert await taken(brake, "1", "2", "3") == [True, True, False]
        await released(store, "1", at=clock(), until=clock() + timedelta(minutes=90))
        assert await taken(brake, *"34567") == [True] * 5
        clock.on(minutes=89)
        assert await taken(brake, "8") == [True]
        clock.on(minutes=1)
        assert await taken(brake, "9", "10", "11") == [True, True, False]

    with_brake(tmp_path, test)


def test_a_restart_within_a_release_goes_on_with_it(tmp_path: Path) -> None:
    async def test(_: Brake, clock: Moved, store: Store) -> None:
        await released(store, "1", at=clock(), until=clock() + timedelta(hours=3))
        clock.on(hours=2)
        restarted = made(store, clock)
        await restarted.load()
        assert await taken(restarted, *"12345") == [True] * 5
        clock.on(hours=1)
        assert await taken(restarted, *"678") == [True, True, False]

    with_brake(tmp_path, test)


@pytest.mark.parametrize("step", [{"days": 400}, {"days": -400}, {"hours": 2}, {"hours": -2}])
def test_a_step_of_the_clock_neither_opens_the_brake_nor_closes_it_for_longer(
    tmp_path: Path, step: dict[str, float]
) -> None:
    async def test(brake: Brake, clock: Moved, store: Store) -> None:
        assert await taken(brake, "1", "2", "3") == [True, True, False]
        clock.set(**step)
        assert await taken(brake, "3") == [False]
        assert brake.retry_after == 3600
        clock.on(minutes=59)
        assert await taken(brake, "3") == [False]
        clock.on(minutes=1)
        assert await taken(brake, "3", "4", "5") == [True, True, False]

    with_brake(tmp_path, test)


@pytest.mark.parametrize("step", [{"hours": 5}, {"hours": -5}])
def test_a_release_works_after_a_step_of_the_clock(tmp_path: Path, step: dict[str, float]) -> None:
    async def test(brake: Brake, clock: Moved, store: Store) -> None:
        assert await taken(brake, "1", "2", "3") == [True, True, False]
        clock.set(**step)
        await released(store, "1", at=clock(), until=clock() + timedelta(minutes=30))
        assert await taken(brake, *"34567") == [True] * 5
        clock.on(minutes=30)
        assert await taken(brake, "8", "9", "10") == [True, True, False]

    with_brake(tmp_path, test)


def test_a_clock_that_was_set_back_before_a_restart_forgets_nothing(tmp_path: Path) -> None:
    async def test(brake: Brake, clock: Moved, store: Store) -> None:
        for key in "12":
            await store.audit("1", [AuditEntry(clock(), "client", "delete", "User", key)])
        clock.set(hours=-3)
        restarted = made(store, clock)
        await restarted.load()
        assert await taken(restarted, "3") == [False]
        clock.on(hours=1)
        assert await taken(restarted, "3") == [True]

    with_brake(tmp_path, test)


def test_the_log_tells_of_a_brake_once_each_time_it_closes(tmp_path: Path) -> None:
    async def test(brake: Brake, clock: Moved, _: Store) -> None:
        with structlog.testing.capture_logs() as logs:
            await taken(brake, *"12345")
            clock.on(hours=1)
            await taken(brake, *"67890")
        assert [line["event"] for line in logs] == ["brake_closed"] * 2
        assert logs[0]["within_an_hour"] == 2

    with_brake(tmp_path, test)


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError])
def test_whatever_ends_a_verb_gives_its_count_back(
    tmp_path: Path, error: type[BaseException]
) -> None:
    async def test(brake: Brake, _clock: Moved, _store: Store) -> None:
        for _ in range(3):
            with pytest.raises(error):
                async with brake.passing("delete", "1"):
                    raise error
        assert await taken(brake, "1", "2", "3") == [True, True, False]

    with_brake(tmp_path, test)
