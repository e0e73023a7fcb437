"""A simulated GoTo account: Admin API, OAuth server and a control side, as one ASGI application.

For tests of the bridge and of other tools. It imports no other room of the bridge, so that
nothing is tested against its own misreadings. ``docs/simulator.md`` tells a tester how to use it.
"""

from starlette.applications import Starlette
from starlette.routing import Mount, Router

from bridge.sandbox import consent, control, verbs
from bridge.sandbox.account import Account
from bridge.sandbox.clock import Clock
from bridge.sandbox.gate import Gate
from bridge.sandbox.oauth import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN
from bridge.sandbox.settings import SettingsRefused, SimulatorSettings
from bridge.sandbox.simulation import Simulation

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "PERSONAL_ACCESS_TOKEN",
    "Account",
    "Clock",
    "SettingsRefused",
    "SimulatorSettings",
    "simulated_goto",
]


def simulated_goto(
    *,
    users: int = 25,
    groups: int = 5,
    seed: int = 1,
    settings: SimulatorSettings | None = None,
    clock: Clock | None = None,
) -> Starlette:
    """The simulated GoTo as an ASGI application; ``app.state.account`` is its :class:`Account`.

    The same ``seed`` gives the same users, groups and licences. ``clock`` is for tests that do not
    want to wait. Raises ValueError below one user (the administrator).
    """
    simulation = Simulation(
        users=users,
        groups=groups,
        seed=seed,
        settings=settings or SimulatorSettings(),
        clock=clock or Clock(),
    )
    api = Router([*verbs.routes(simulation), *consent.routes(simulation)], redirect_slashes=False)
    app = Starlette(
        routes=[*control.routes(simulation), Mount("/", Gate(api, simulation=simulation))]
    )
    app.state.account = simulation.account
    return app
