"""The control side, ``/_sim/…``: what a tester looks at and sets. It is no part of GoTo.

Needs no token, is not limited, and does not appear in the journal.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.sandbox import console
from bridge.sandbox.answers import answer, done
from bridge.sandbox.console import ControlRefused
from bridge.sandbox.faults import FaultsRefused
from bridge.sandbox.records import GROUP_FIELDS, LICENSE_FIELDS, USER_FIELDS, View, record
from bridge.sandbox.rows import Refusal
from bridge.sandbox.settings import SettingsRefused
from bridge.sandbox.simulation import Simulation

_STATE_USER_FIELDS = {name: read for name, read in USER_FIELDS.items() if name != "settings"}
_RESET = ("users", "groups", "seed")


def routes(simulation: Simulation) -> list[Route]:
    control = Control(simulation)
    table = (
        ("journal", control.journal, "GET"),
        ("journal", control.forget, "DELETE"),
        ("faults", control.faults, "GET"),
        ("faults", control.set_faults, "PUT"),
        ("settings", control.settings, "GET"),
        ("settings", control.set_settings, "PUT"),
        ("state", control.state, "GET"),
        ("token", control.token, "POST"),
        ("reset", control.reset, "POST"),
        ("signin", control.sign_in, "POST"),
        ("users/{key}", control.set_user, "PATCH"),
    )
    return [
        Route(f"/_sim/{name}", _plainly(verb), methods=[method]) for name, verb, method in table
    ]


def _plainly(
    verb: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def plainly(request: Request) -> Response:
        try:
            return await verb(request)
        except (ControlRefused, FaultsRefused, SettingsRefused) as refusal:
            return answer({"detail": str(refusal)}, 400)

    return plainly


async def _object(request: Request) -> dict[str, Any]:
    content = await request.body()
    try:
        body = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError:
        raise ControlRefused("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise ControlRefused("The body has to be a JSON object.")
    return body


class Control:
    """The verbs of the control side."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def journal(self, request: Request) -> Response:
        since = request.query_params.get("since") or "0"
        if not (since.isascii() and since.isdigit()):
            raise ControlRefused("since has to be a number: the seq of the last entry seen.")
        return answer(list(self._simulation.journal.since(int(since))))

    async def forget(self, _: Request) -> Response:
        self._simulation.journal.forget()
        return done(204)

    async def faults(self, _: Request) -> Response:
        return answer(self._simulation.faults.as_json())

    async def set_faults(self, request: Request) -> Response:
        self._simulation.faults.replace(await _object(request))
        return answer(self._simulation.faults.as_json())

    async def settings(self, _: Request) -> Response:
        return answer(self._simulation.settings.model_dump())

    async def set_settings(self, request: Request) -> Response:
        changes = await _object(request)
        self._simulation.use(self._simulation.settings.changed(changes))
        return answer(self._simulation.settings.model_dump())

    async def state(self, _: Request) -> Response:
        """Everything as stored, whatever the lag; without the 2 KB of product settings a user."""
        account = self._simulation.account
        tables = account.stored
        view = View(tables, account.clock.now_ms(), self._simulation.settings)
        return answer(
            {
                "users": [record(row, view, _STATE_USER_FIELDS) for row in tables.users.values()],
                "groups": [record(row, view, GROUP_FIELDS) for row in tables.groups.values()],
                "licenses": [record(row, view, LICENSE_FIELDS) for row in tables.licenses.values()],
            }
        )

    async def token(self, _: Request) -> Response:
        return answer({"access_token": self._simulation.oauth.master_token()})

    async def reset(self, request: Request) -> Response:
        """Seed the account anew; settings, faults, journal and tokens stay as they are."""
        simulation = self._simulation
        body = await _object(request)
        unknown = set(body) - set(_RESET)
        numbers = {**simulation.seeding, **body}
        if unknown or not all(type(value) is int for value in numbers.values()):
            raise ControlRefused("reset takes the whole numbers users, groups and seed.")
        try:
            simulation.account.reset(**numbers)
        except ValueError as refusal:
            raise ControlRefused(f"{refusal}.") from None
        simulation.seeding = numbers
        return answer(numbers)

    async def set_user(self, request: Request) -> Response:
        """Change fields of a user that GoTo's API cannot change, as somebody does at GoTo."""
        account = self._simulation.account
        fields = console.fields(await _object(request), account.stored)
        try:
            account.set_user(request.path_params["key"], fields)
        except Refusal as refusal:
            return answer({"detail": f"{refusal.code}: {refusal.value}"}, refusal.status)
        return done(204)

    async def sign_in(self, request: Request) -> Response:
        """A user signs in at GoTo: INVITED and INACTIVE become ACTIVE."""
        body = await _object(request)
        account = self._simulation.account
        user = account.stored.user_by_email(str(body.get("email", "")))
        key = str(body["key"]) if "key" in body else user.key if user else ""
        try:
            account.sign_in(key)
        except Refusal as refusal:
            return answer({"detail": f"{refusal.code}: {key or body.get('email')}"}, refusal.status)
        return done(204)
