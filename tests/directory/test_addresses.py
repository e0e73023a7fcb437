"""When GoTo's e-mail moves, and that it stays otherwise (decision 44)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.directory.witness import NUMBERS, PATCH_OP, Run, Witness, new_user

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
WORK = 'emails[type eq "work"]'

# What says nothing of an address, as the value of `emails`.
UNUSABLE: list[Any] = [
    None,
    [],
    "",
    " ",
    {},
    [{}],
    [None],
    [{"value": ""}],
    [{"value": " \t"}],
    [{"value": None}],
    [{"value": "", "type": "work", "primary": True}],
    [{"type": "work"}],
    [{"display": "none"}],
]


def address() -> str:
    return f"ria{next(NUMBERS)}@mail.example.com"


async def created(witness: Witness, **attributes: Any) -> dict[str, Any]:
    user: dict[str, Any] = await witness.done("POST", "/Users", new_user(**attributes))
    await witness.calls()
    return user


async def two_addresses(witness: Witness, **attributes: Any) -> dict[str, Any]:
    """A user whose userName is another address than its e-mail."""
    emails = [{"value": address(), "type": "work", "primary": True}]
    return await created(witness, emails=emails, **attributes)


def put_of(user: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"userName": user["userName"], "name": user["name"], **changes}


def operations(*each: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(each)}


def mail(user: dict[str, Any]) -> str:
    return str(user["emails"][0]["value"])


async def is_left(
    witness: Witness, user: dict[str, Any], method: str, body: Any, *, by_bulk: bool = False
) -> dict[str, Any]:
    """Send a request, whatever the answer; GoTo's address stays, and clients see it."""
    before = witness.stored(user["id"]).email
    path = f"/Users/{user['id']}"
    for _ in range(2):
        if by_bulk:
            operation = {"method": method, "path": path, "data": body}
            await witness.done("POST", "/Bulk", {"Operations": [operation]})
        else:
            answer = await witness.ask(method, path, body)
            assert answer.status_code in (200, 400), answer.text
        assert witness.stored(user["id"]).email == before
        seen = await witness.done("GET", path)
        assert seen["emails"][0]["value"] == before, seen["emails"]
    assert not [call for call in await witness.calls() if call == f"PUT users/{user['id']}"]
    return dict(seen)


# -- Requests without a usable e-mail ------------------------------------------------------


@pytest.mark.parametrize("emails", UNUSABLE, ids=str)
@pytest.mark.parametrize("by_bulk", [False, True], ids=["alone", "bulk"])
def test_a_put_without_a_usable_email_leaves_the_address(
    witnessed: Run, emails: Any, by_bulk: bool
) -> None:
    async def test(witness: Witness) -> None:
        user = await two_addresses(witness)
        body = put_of(user, title="Lead", emails=emails)
        seen = await is_left(witness, user, "PUT", body, by_bulk=by_bulk)
        assert seen["userName"] == user["userName"]
        assert seen.get("title") == "Lead"

    witnessed(test)


def test_a_put_without_emails_leaves_the_address(witnessed: Run) -> None:
    async def test(witness: Witness) -> None:
        user = await two_addresses(witness)
        seen = await is_left(witness, user, "PUT", put_of(user, title="Lead"))
        assert (seen["title"], seen["emails"]) == ("Lead", user["emails"])

    witnessed(test)


@pytest.mark.parametrize(
    "operation",
    [
        *({"op": "replace", "path": "emails", "value": value} for value in UNUSABLE),
        *({"op": "add", "path": "emails", "value": value} for value in UNUSABLE),
        *({"op": "replace", "value": {"emails": value, "title": "x"}} for value in UNUSABLE),
        *({"op": "replace", "path": f"{WORK}.value", "value": value} for value in (None, "", " ")),
        *({"op": "replace", "value": {f"{WORK}.value": value}} for value in (None, "")),
        {"op": "replace", "path": WORK, "value": {"value": ""}},
        {"op": "replace", "path": f"{CORE}:emails", "value": [{"value": None}]},
        {"op": "replace", "path": CORE, "value": {"emails": [{"value": None}]}},
        {"op": "remove", "path": "emails"},
        {"op": "remove", "path": f"{CORE}:emails"},
        {"op": "remove", "path": WORK},
        {"op": "remove", "path": f"{WORK}.value"},
        {"op": "remove", "path": "emails[primary eq true]"},
        {"op": "remove", "path": "emails", "value": [{"type": "work"}]},
    ],
    ids=str,
)
@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_patch_without_a_usable_email_leaves_the_address(
    witnessed: Run, operation: Any, others: int
) -> None:
    async def test(witness: Witness) -> None:
        homes = [{"value": f"home{n}.{address()}", "type": f"home{n}"} for n in range(others)]
        emails = [{"value": address(), "type": "work", "primary": True}, *homes]
        user = await created(witness, emails=emails)
        await is_left(witness, user, "PATCH", operations(operation))

    witnessed(test)


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_other_addresses_live_beside_goto_s(witnessed: Run, verb: str) -> None:
    async def test(witness: Witness) -> None:
        user = await two_addresses(witness)
        homes = [{"value": address(), "type": "home"}, {"value": address(), "type": "other"}]
        body = put_of(user, emails=homes)
        if verb == "PATCH":
            body = operations({"op": "replace", "path": "emails", "value": homes})
        seen = await is_left(witness, user, verb, body)
        assert seen["emails"] == [*user["emails"], *homes]

    witnessed(test)


# -- E-mails that name another address -----------------------------------------------------


@pytest.mark.parametrize(
    ("emails", "index"),
    [
        ([{}], 0),
        ([{"type": "home"}], 0),
        ([{"type": "home", "primary": False}], 0),
        ([{"type": "work"}], 0),
        ([{"type": "home"}, {"type": "Work"}], 1),
        ([{"type": "work"}, {"type": "home", "primary": True}], 1),
    ],
    ids=str,
)
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "pathless", "add"])
def test_an_email_that_is_the_address_gets_to_goto(
    witnessed: Run, verb: str, emails: list[dict[str, Any]], index: int
) -> None:
    async def test(witness: Witness) -> None:
        wanted = [{"value": address(), **email} for email in emails]
        if verb == "POST":
            user = await created(witness, emails=wanted)
        else:
            user = await two_addresses(witness)
            value: Any = {"op": "replace", "path": "emails", "value": wanted}
            if verb == "pathless":
                value = {"op": "replace", "value": {"emails": wanted}}
            if verb == "add":
                # Marked, as it is added to what is there.
                wanted[index]["primary"] = True
                value = {"op": "add", "path": "emails", "value": wanted}
            method, body = "PATCH", operations(value)
            if verb == "PUT":
                method, body = "PUT", put_of(user, emails=wanted)
            for written in (1, 0):
                answer = await witness.done(method, f"/Users/{user['id']}", body)
                assert len([c for c in await witness.calls() if c.startswith("PUT")]) == written
            assert answer["userName"] == user["userName"]
            user = answer
        stored = witness.stored(user["id"])
        assert stored.email == wanted[index]["value"]
        if verb != "add":
            # Neither a type nor a flag is invented.
            seen = sorted(user["emails"], key=lambda email: wanted.index(email))
            assert seen == wanted
        assert await witness.done("GET", f"/Users/{user['id']}") == user

    witnessed(test)


def test_one_value_of_the_list_can_be_changed_by_its_path(witnessed: Run) -> None:
    async def test(witness: Witness) -> None:
        user = await two_addresses(witness)
        for path, value in ((f"{WORK}.value", address()), (WORK, {"value": address()})):
            operation = {"op": "replace", "path": path, "value": value}
            await witness.done("PATCH", f"/Users/{user['id']}", operations(operation))
            wanted = value["value"] if isinstance(value, dict) else value
            assert witness.stored(user["id"]).email == wanted

    witnessed(test)


def test_a_replaced_list_of_an_address_that_was_there_names_it(witnessed: Run) -> None:
    async def test(witness: Witness) -> None:
        home = {"value": address(), "type": "home"}
        work = {"value": address(), "type": "work", "primary": True}
        user = await created(witness, emails=[work, home])
        operation = {"op": "replace", "path": "emails", "value": [home]}
        answer = await witness.done("PATCH", f"/Users/{user['id']}", operations(operation))
        assert answer["emails"] == [home]
        assert witness.stored(user["id"]).email == home["value"]

    witnessed(test)


# -- A userName that changes ---------------------------------------------------------------


def renamings(user: dict[str, Any], name: str) -> dict[str, tuple[str, Any]]:
    """The same change of the userName by every verb."""
    return {
        "PUT": ("PUT", put_of(user, userName=name)),
        "plain": (
            "PATCH",
            operations({"op": "replace", "path": "userName", "value": name}),
        ),
        "pathless": ("PATCH", operations({"op": "Replace", "value": {"userName": name}})),
        "urn": (
            "PATCH",
            operations({"op": "replace", "path": f"{CORE}:userName", "value": name}),
        ),
    }


VERBS = ["PUT", "plain", "pathless", "urn"]


@pytest.mark.parametrize("way", VERBS)
@pytest.mark.parametrize("by_bulk", [False, True], ids=["alone", "bulk"])
@pytest.mark.parametrize("has_emails", [False, True])
def test_the_address_follows_a_user_name_that_was_it(
    witnessed: Run, way: str, by_bulk: bool, has_emails: bool
) -> None:
    async def test(witness: Witness) -> None:
        name = address()
        given = [{"value": name.upper(), "type": "other", "display": "Ria"}] if has_emails else []
        user = await created(witness, userName=name, emails=given)
        new = address()
        method, body = renamings(user, new)[way]
        for written in (1, 0):
            path = f"/Users/{user['id']}"
            if by_bulk:
                operation = {"method": method, "path": path, "data": body}
                await witness.done("POST", "/Bulk", {"Operations": [operation]})
            else:
                await witness.done(method, path, body)
            assert len([c for c in await witness.calls() if c.startswith("PUT")]) == written
        assert witness.stored(user["id"]).email == new
        seen = await witness.done("GET", path)
        assert seen["userName"] == new
        kept = {**user["emails"][0], "value": new}
        if way == "PUT":
            kept = {"value": new, "type": "work", "primary": True}
        assert seen["emails"] == [kept]

    witnessed(test)


@pytest.mark.parametrize("way", VERBS)
def test_the_address_stays_where_the_user_name_was_another(witnessed: Run, way: str) -> None:
    async def test(witness: Witness) -> None:
        user = await two_addresses(witness)
        seen = await is_left(witness, user, *renamings(user, address())[way])
        assert seen["userName"] != user["userName"]

    witnessed(test)


@pytest.mark.parametrize("way", VERBS)
def test_an_address_that_changes_its_case_alone_is_the_same(witnessed: Run, way: str) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        name = user["userName"].replace("ada", "Ada")
        seen = await is_left(witness, user, *renamings(user, name)[way])
        assert seen["userName"] == name

    witnessed(test)


@pytest.mark.parametrize("name", ["ada.{}", "EXAMPLE\\ada{}", "ada{}@host"])
def test_what_is_no_address_is_held_or_made_one(witnessed: Run, name: str) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        bare = name.format(next(NUMBERS))
        answer = await witness.done("PUT", f"/Users/{user['id']}", put_of(user, userName=bare))
        assert answer["userName"] == bare
        # The sandbox's mapping has a domain for such names.
        assert witness.stored(user["id"]).email.endswith("@people.example.com")

    witnessed(test)


def test_emails_that_are_sent_with_a_new_user_name_say_which_address_is_meant(
    witnessed: Run,
) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        name, echo = address(), user["emails"]
        await is_left(witness, user, "PUT", put_of(user, userName=name, emails=echo))
        user = await created(witness)
        both = {"op": "replace", "value": {"userName": address(), "emails": user["emails"]}}
        await is_left(witness, user, "PATCH", operations(both))

    witnessed(test)


# -- Users who leave, and come back --------------------------------------------------------


@pytest.mark.parametrize("way", VERBS)
def test_a_user_who_is_deactivated_by_the_same_request_keeps_the_address(
    witnessed: Run, way: str
) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        path, name = f"/Users/{user['id']}", f"0a1b{next(NUMBERS)}{user['userName']}"
        method, body = renamings(user, name)[way]
        if method == "PUT":
            body["active"] = False
        else:
            body["Operations"].append({"op": "Replace", "path": "active", "value": "False"})
        for _ in range(2):
            gone = await witness.done(method, path, body)
            assert (gone["active"], gone["userName"]) == (False, name)
            assert mail(gone) == witness.stored(user["id"]).email == user["userName"]
        # It comes back without another name, and is then sent as it is.
        back = {"op": "replace", "path": "active", "value": True}
        answer = await witness.done("PATCH", path, operations(back))
        assert (answer["active"], answer["userName"]) == (True, name)
        answer = await witness.done("PUT", path, put_of(answer, title="Lead"))
        assert mail(answer) == witness.stored(user["id"]).email == user["userName"]

    witnessed(test)


@pytest.mark.parametrize("way", VERBS)
@pytest.mark.parametrize("restored", ["old", "same", "new", "apart"])
def test_an_inactive_user_keeps_the_address_whatever_it_is_called(
    witnessed: Run, way: str, restored: str
) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        path, old = f"/Users/{user['id']}", user["userName"]
        replace = {"op": "replace", "path": "active", "value": False}
        await witness.done("PATCH", path, operations(replace))
        await witness.calls()
        name = f"0a1b{next(NUMBERS)}{old}"
        seen = await is_left(witness, user, *renamings(user, name)[way])
        assert seen["userName"] == name

        again = {"old": old, "new": address(), "apart": old}.get(restored, name)
        steps: list[Any] = [
            {"op": "replace", "path": "active", "value": True},
            {"op": "replace", "path": "userName", "value": again},
        ]
        for some in ([step] for step in steps) if restored == "apart" else (steps,):
            await witness.done("PATCH", path, operations(*some))
        seen = await witness.done("GET", path)
        assert (seen["active"], seen["userName"]) == (True, again)
        assert mail(seen) == witness.stored(user["id"]).email == old
        await witness.calls()
        await is_left(witness, user, "PUT", put_of(seen))

    witnessed(test)


def test_a_user_who_loses_licences_and_roles_by_the_request_keeps_the_address(
    witnessed: Run,
) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        name = address()
        body = put_of(user, userName=name, entitlements=[], roles=[])
        answer = await witness.done("PUT", f"/Users/{user['id']}", body)
        assert (answer["active"], answer["userName"]) == (False, name)
        assert mail(answer) == witness.stored(user["id"]).email == user["userName"]

    witnessed(test)


def test_a_lock_refuses_only_an_address_that_would_move(witnessed: Run) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        witness.account.stored.put_user(
            replace(witness.stored(user["id"]), email_locked=True, name_locked=True)
        )
        path = f"/Users/{user['id']}"
        await witness.done("GET", path, **{"Cache-Control": "no-cache"})
        for way in VERBS:
            method, body = renamings(user, address())[way]
            answer = await witness.ask(method, path, body)
            assert answer.status_code == 400, answer.text
            assert answer.json()["scimType"] == "mutability"
            method, body = renamings(user, user["userName"].upper())[way]
            assert (await witness.ask(method, path, body)).status_code == 200
        await is_left(witness, user, "PUT", put_of(user, title="Lead", emails=None))

    witnessed(test)


# -- The rule, over random requests --------------------------------------------------------

NAMES = st.sampled_from([f"n{n}@names.example.com" for n in range(4)])
EMAIL = st.fixed_dictionaries(
    {"value": st.sampled_from(["", "n0@names.example.com", "m1@mail.example.com", "M2@m.co"])},
    optional={"type": st.sampled_from(["work", "home", "other"])},
)
EMAILS = st.none() | st.lists(EMAIL, max_size=3)
REQUESTS = st.tuples(st.sampled_from(["PUT", "PATCH"]), NAMES, EMAILS, st.booleans())


def effective(emails: Any) -> str | None:
    valued = [each for each in emails or () if each["value"]]
    unique = list(dict.fromkeys((e.get("type", ""), e["value"].casefold()) for e in valued))
    work = [value for kind, value in unique if kind == "work"]
    if work:
        return work[0]
    return unique[0][1] if len(unique) == 1 else None


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(requests=st.lists(REQUESTS, min_size=1, max_size=5))
def test_the_address_moves_only_when_the_rule_says_so(
    witnessed: Run, requests: list[tuple[str, str, Any, bool]]
) -> None:
    async def test(witness: Witness) -> None:
        user = await created(witness)
        path = f"/Users/{user['id']}"
        name, mailed, active = user["userName"], user["userName"], True
        for method, new, emails, now in requests:
            body: Any = put_of(user, userName=new, emails=emails, active=now)
            if method == "PATCH":
                operation: list[Any] = [
                    {"op": "replace", "path": "userName", "value": new},
                    {"op": "replace", "path": "active", "value": now},
                ]
                if effective(emails):
                    operation.append({"op": "replace", "path": "emails", "value": emails})
                body = operations(*operation)
            answer = await witness.done(method, path, body)
            named = effective(emails)
            if named:
                mailed = named
            elif active and now and name != new and name == mailed:
                mailed = new
            name, active = new, now
            assert witness.stored(user["id"]).email.casefold() == mailed
            assert mailed in [each["value"].casefold() for each in answer["emails"]]
            assert (answer["userName"], answer["active"]) == (name, active)
            await witness.calls()
            again = await witness.done(method, path, body)
            assert again == answer
            assert not [call for call in await witness.calls() if not call.startswith("GET")]

    witnessed(test)
