"""Trouble at GoTo: a list is whole or fails, and a write is done, or not done, and said to be so.

The table sends every write that the bridge makes into every kind of trouble. After each of them
the account and what clients see of it have to be the same, and a repeat has to do no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.directory.witness import NO_CACHE, NUMBERS, Run, Witness, new_user, witnessed_alone

PAGE = "<html><body>secret of the upstream</body></html>"
HALF = '[{"key":"12345'


# -- Complete or not at all --------------------------------------------------------


HALF_A_LIST = (
    ({"path": "/users", "query": "offset=4"}, {"status": 500, "body": PAGE}, 503),
    ({"path": "/users", "query": "offset=4"}, {"drop": True}, 503),
    ({"path": "/users", "query": "offset=8"}, {"status": 200, "body": HALF}, 502),
    ({"path": "/users", "query": "offset=4"}, {"status": 200, "body": {"total": 12}}, 502),
    ({"path": "/groups"}, {"status": 403}, 503),
    ({"path": "/groups"}, {"status": 429}, 429),
    ({"path": "/licenses"}, {"status": 502}, 503),
)


def test_a_list_that_cannot_be_read_whole_fails_until_it_can(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        for number, (match, fault, status) in enumerate(HALF_A_LIST):
            # The first time there is nothing older, later there is.
            await sees.faults({"match": match, **fault})
            for path in ("/Users", "/Groups", "/Users?filter=title pr", "/Users?cursor"):
                refused(await sees.ask("GET", path), status)
            await sees.faults()
            await sees.agree()
            assert len(await sees.ids("/Users")) == 12 + number
            sees.new_at_goto(f"noor{number}@example.com")
            sees.clock.grow_old()

    witnessed_alone(tmp_path, test, client={"page_size": 5})


def test_lists_that_come_together_share_one_refresh_and_its_failure(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        async def listed() -> set[int]:
            asked = [sees.ask("GET", f"/{kind}") for kind in ("Users", "Groups") * 10]
            return {answer.status_code for answer in await asyncio.gather(*asked)}

        slow = {"match": {"path": "/licenses"}, "delay_ms": 30}
        await sees.faults(slow)
        sees.clock.grow_old()
        assert await listed() == {200}
        assert await sees.calls() == ["GET licenses", "GET users", "GET groups"]
        sees.clock.grow_old()
        await sees.faults({**slow, "status": 403})
        assert await listed() == {503}
        assert await sees.calls() == ["GET licenses"]

    witnessed(test)


# -- Every write, every trouble ------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """A request, and whether the account shows that it was done."""

    send: Callable[[], Awaitable[httpx.Response]]
    is_done: Callable[[], bool]
    done: int = 200
    again: int = 200


@dataclass(frozen=True)
class Verb:
    """A write: which call it comes down to, and how many looks at GoTo it takes before."""

    prepare: Callable[[Witness], Awaitable[Attempt]]
    method: str
    path: str
    looks: int = 0


async def create(sees: Witness) -> Attempt:
    body = new_user(title="Baker")
    mail = body["userName"]
    return Attempt(
        lambda: sees.ask("POST", "/Users", body),
        lambda: [user.email for user in sees.account.stored.users.values()].count(mail) == 1,
        done=201,
        again=409,
    )


async def rename(sees: Witness) -> Attempt:
    (key,) = sees.somebody()
    return Attempt(
        lambda: sees.replace(f"/Users/{key}", **{"name.givenName": "Zoë", "title": "Baker"}),
        lambda: sees.stored(key).first_name == "Zoë",
    )


async def deactivate(sees: Witness) -> Attempt:
    (key,) = sees.somebody()
    return Attempt(
        lambda: sees.replace(f"/Users/{key}", active=False),
        lambda: not sees.stored(key).license_keys,
    )


async def activate(sees: Witness) -> Attempt:
    (key,) = sees.somebody()
    licenses = sees.stored(key).license_keys
    await sees.replace(f"/Users/{key}", active=False)
    return Attempt(
        lambda: sees.replace(f"/Users/{key}", active=True),
        lambda: sees.stored(key).license_keys == licenses,
    )


async def delete(sees: Witness) -> Attempt:
    (key,) = sees.somebody(grouped=True)
    return Attempt(
        lambda: sees.ask("DELETE", f"/Users/{key}"),
        lambda: key not in sees.account.stored.users,
        done=204,
        again=404,
    )


async def add_member(sees: Witness) -> Attempt:
    (key,) = sees.somebody(grouped=True)
    group = next(g for g in sees.account.stored.groups if g != sees.stored(key).group_key)
    return Attempt(
        lambda: sees.members("add", group, key),
        lambda: sees.stored(key).group_key == group,
    )


async def remove_member(sees: Witness) -> Attempt:
    (key,) = sees.somebody(grouped=True)
    group = sees.stored(key).group_key
    return Attempt(
        lambda: sees.members("remove", group, key),
        lambda: sees.stored(key).group_key is None,
    )


async def create_group(sees: Witness) -> Attempt:
    name = f"Shift {next(NUMBERS)}"
    return Attempt(
        lambda: sees.ask("POST", "/Groups", {"displayName": name, "externalId": "g"}),
        lambda: [group.name for group in sees.account.stored.groups.values()].count(name) == 1,
        done=201,
        again=409,
    )


async def rename_group(sees: Witness) -> Attempt:
    (member,) = sees.somebody(grouped=True)
    group, name = sees.stored(member).group_key, f"Shift {next(NUMBERS)}"
    return Attempt(
        lambda: sees.replace(f"/Groups/{group}", displayName=name),
        lambda: sees.account.stored.groups[group].name == name,
    )


async def delete_group(sees: Witness) -> Attempt:
    (member,) = sees.somebody(grouped=True)
    group = sees.stored(member).group_key
    return Attempt(
        lambda: sees.ask("DELETE", f"/Groups/{group}"),
        lambda: group not in sees.account.stored.groups,
        done=204,
        again=404,
    )


VERBS = [
    Verb(create, "POST", "/users"),
    Verb(rename, "PUT", "/users/"),
    Verb(deactivate, "PUT", "/users/", looks=1),
    Verb(activate, "PUT", "/users/", looks=1),
    Verb(delete, "DELETE", "/users/"),
    Verb(add_member, "PUT", "/groups/"),
    Verb(remove_member, "DELETE", "/groups/", looks=1),
    Verb(create_group, "POST", "/groups"),
    Verb(rename_group, "PUT", "/groups/"),
    Verb(delete_group, "DELETE", "/groups/"),
]


@dataclass(frozen=True)
class Trouble:
    """What becomes of the call; ``status`` is what the client is told, None that all went well.

    ``looks`` is what becomes of every look at GoTo from then on.
    """

    fault: dict[str, Any]
    status: int | None
    looks: dict[str, Any] | None = None
    verbs: tuple[str, ...] = ("POST", "PUT", "DELETE")

    @property
    def is_applied(self) -> bool:
        return self.status is None or bool(self.fault.get("after"))


LOST = {"status": 503, "after": True, "times": 1}
GARBLED = {"status": 200, "body": HALF, "content_type": "application/json", "times": 1}
TROUBLES = {
    "503 before": Trouble({"status": 503, "times": 1}, 503),
    "503 after": Trouble(LOST, None),
    "cut before": Trouble({"drop": True, "times": 1}, 503),
    "cut after": Trouble({"drop": True, "after": True, "times": 1}, None),
    "one 401": Trouble({"status": 401, "times": 1}, None),
    "401": Trouble({"status": 401}, 503),
    "403": Trouble({"status": 403}, 503),
    "429 three times": Trouble({"status": 429, "times": 3}, None),
    "429": Trouble({"status": 429}, 429),
    "an HTML page before": Trouble({"status": 500, "body": PAGE, "times": 1}, 503),
    "an HTML page after": Trouble({"status": 500, "body": PAGE, "after": True, "times": 1}, None),
    "half an answer": Trouble({**GARBLED, "after": True}, None),
    # A 2xx of a write that needs no body is taken at its word.
    "half an answer to nothing": Trouble(GARBLED, 502, verbs=("POST",)),
    "lost, then an outage": Trouble(LOST, 503, looks={"status": 503}),
    "lost, then garbled": Trouble(LOST, 502, looks={"status": 200, "body": HALF}),
    "lost, then no grant": Trouble(LOST, 503, looks={"status": 403}),
}


@pytest.mark.parametrize(
    ("verb", "trouble"),
    [
        pytest.param(verb, trouble, id=f"{verb.prepare.__name__}: {name}")
        for verb in VERBS
        for name, trouble in TROUBLES.items()
        if verb.method in trouble.verbs
    ],
)
def test_a_write_in_trouble_is_done_or_not_done_and_said_to_be_so(
    witnessed: Run, verb: Verb, trouble: Trouble
) -> None:
    witnessed(lambda sees: one_row(sees, verb, trouble))


async def one_row(sees: Witness, verb: Verb, trouble: Trouble) -> None:
    attempt = await verb.prepare(sees)
    rules = [{"match": {"method": verb.method, "path": verb.path}, **trouble.fault}]
    if trouble.looks is not None:
        rules += [
            {"match": {"method": "GET"}, "times": verb.looks},
            {"match": {"method": "GET"}, **trouble.looks},
        ]
    await sees.faults(*rules)

    answer = await attempt.send()

    if trouble.status is None:
        assert answer.status_code == attempt.done, answer.text
    else:
        refused(answer, trouble.status)
    assert attempt.is_done() == trouble.is_applied
    await sees.faults()
    await sees.agree()
    await sees.agree(**NO_CACHE)
    repeated = await attempt.send()
    # What was done and never said to be done is completed by its repeat.
    was_told = trouble.is_applied and trouble.status is None
    expected = attempt.again if was_told else attempt.done
    assert repeated.status_code == expected, repeated.text
    assert attempt.is_done()
    await sees.agree()
    await sees.agree(**NO_CACHE)


def test_another_group_of_the_name_is_not_taken_for_the_one_that_was_to_be_made(
    witnessed: Run,
) -> None:
    async def test(sees: Witness) -> None:
        other = sees.account.create_group({"name": "Bakers"})
        sees.account.put_in_group(other, sees.somebody()[0])
        await sees.faults({"match": {"method": "POST"}, "status": 503, "times": 1})
        body = {"displayName": "Bakers", "externalId": "g-1"}
        refused(await sees.ask("POST", "/Groups", body), 503)
        assert (await sees.ask("POST", "/Groups", body)).status_code == 409
        assert "externalId" not in await sees.done("GET", f"/Groups/{other}", **NO_CACHE)

    witnessed(test)


def refused(answer: httpx.Response, status: int) -> None:
    """Check an error: its status, when to come back, and words for a person."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/scim+json")
    error = answer.json()
    assert error["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert error["status"] == str(status)
    assert len(error["detail"]) > 20
    assert not any(part in answer.text for part in ("secret", "html", HALF, "Traceback", "line "))
    assert ("retry-after" in answer.headers) == (status in (429, 503))
    assert int(answer.headers.get("retry-after", 1)) in range(1, 31)
