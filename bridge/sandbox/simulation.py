"""The parts of one running simulator, put together; a change of settings reaches all of them."""

from bridge.sandbox.account import Account
from bridge.sandbox.clock import Clock
from bridge.sandbox.faults import Faults
from bridge.sandbox.journal import Journal
from bridge.sandbox.oauth import OAuthServer
from bridge.sandbox.settings import SimulatorSettings
from bridge.sandbox.throttle import Throttle


class Simulation:
    """Account, OAuth server, rate limit, faults and journal of one simulator."""

    def __init__(
        self, *, users: int, groups: int, seed: int, settings: SimulatorSettings, clock: Clock
    ) -> None:
        clock.offset = settings.now_offset_s
        self.settings = settings
        self.clock = clock
        self.seeding = {"users": users, "groups": groups, "seed": seed}
        self.account = Account(
            users=users, groups=groups, seed=seed, settings=settings, clock=clock
        )
        self.oauth = OAuthServer(settings=settings, clock=clock)
        self.throttle = Throttle(settings.rate_limit, ticks=clock.ticks)
        self.faults = Faults()
        self.journal = Journal()

    def use(self, settings: SimulatorSettings) -> None:
        """Go by these settings from now on."""
        self.settings = settings
        self.clock.offset = settings.now_offset_s
        self.account.use(settings)
        self.oauth.settings = settings
        self.throttle.limit = settings.rate_limit
