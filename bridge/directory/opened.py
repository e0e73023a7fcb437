"""A directory that is open: everything that knows the account, put together and up to date."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bridge.directory.assembly import Assembly
from bridge.directory.brake import Brake
from bridge.directory.contention import Contention
from bridge.directory.core import Core
from bridge.directory.departed import Departed
from bridge.directory.drop_report import DropReport
from bridge.directory.dropped_writes import DroppedWrites
from bridge.directory.groups import Groups
from bridge.directory.hidden_users import HiddenUsers
from bridge.directory.holders import Holders
from bridge.directory.journal import Journal
from bridge.directory.kept_pass import KeptPass
from bridge.directory.ledger import Ledger
from bridge.directory.locks import Locks
from bridge.directory.offered import Offered
from bridge.directory.provider import accepting_provider, models
from bridge.directory.recent import Recent
from bridge.directory.refresh import Refresh
from bridge.directory.role_visibility import RoleVisibility
from bridge.directory.search import Search
from bridge.directory.seats import Seats
from bridge.directory.settling import Settling
from bridge.directory.several_groups import GroupsPerUser
from bridge.directory.shown_as_groups import ShownAsGroups
from bridge.directory.snapshot import Snapshot
from bridge.directory.time import Clock
from bridge.directory.trail import Trail
from bridge.directory.users import Users
from bridge.directory.walks import KEPT_FOR, Walks
from bridge.directory.write_findings import distrusted_kinds, noting_outcomes, saving
from bridge.directory.write_verification import Policy, WriteVerifier
from bridge.goto import AccountBehavior, GoToClient
from bridge.mapping import Mapping as AttributeMapping
from bridge.store import Store


@dataclass(frozen=True, kw_only=True)
class Means:
    """What an account is opened with: the ways to it, and how old, in seconds, answers may be."""

    goto: GoToClient
    store: Store
    mapping: AttributeMapping
    contention: Contention
    max_age: float
    verify_writes: Policy
    dropped: Callable[[], object]
    clock: Clock
    sleep: Callable[[float], Awaitable[object]]
    members_ignored: Callable[[int], object]


@dataclass(frozen=True)
class Opened:
    """Who carries out which verb, on one account."""

    core: Core
    users: Users
    groups: Groups
    shown: ShownAsGroups
    offered: Offered
    search: Search
    kept: KeptPass

    def groups_of(self, key: str) -> Groups | ShownAsGroups:
        """Return who knows the group with an id: GoTo's, or those that stand for something else."""
        return self.shown if self.shown.claims(key) else self.groups


async def open_account(means: Means, *, administrator: str) -> Opened:
    """Read what is remembered of the client's account, and settle what was begun before a stop.

    ``administrator`` is the key of who is behind the grant. Raises the errors of a store that
    cannot be read.
    """
    core, kept = await _core(means, administrator)
    seats = Seats(core)
    settling = Settling(core, seats)
    users = Users(core, seats, settling)
    groups = Groups(core, users, settling)
    shown = ShownAsGroups(core, users)
    types = models(accepting_provider(means.mapping))
    offered = Offered(core)
    search = Search(core, users, groups, shown, offered, Walks(means.clock), types)
    await settling.all()
    return Opened(core, users, groups, shown, offered, search, kept)


async def _core(means: Means, administrator: str) -> tuple[Core, KeptPass]:
    goto, mapping, clock = means.goto, means.mapping, means.clock
    ledger = Ledger(means.store, goto.account_key)
    await ledger.load()
    brake = Brake(ledger, allowed=mapping.destructive_per_hour)
    await brake.load()
    snapshot = Snapshot(Departed(clock, kept_for=KEPT_FOR), Holders(mapping.shown_as_groups))
    assembly = Assembly(mapping, ledger, snapshot)
    dropped = DroppedWrites(clock)
    recent = Recent(clock, wrote=dropped.wrote)
    findings = means.store.findings
    found = await findings.of(goto.account_key)
    behavior = AccountBehavior.from_findings({name: each.outcome for name, each in found.items()})
    goto.adapt(behavior)
    note_finding = saving(findings, goto.account_key)
    hidden = HiddenUsers(mapping.hides)
    groups_per_user = GroupsPerUser(behavior.groups_per_user, note_finding)
    verifier = WriteVerifier(
        means.verify_writes,
        noting_outcomes(note_finding),
        distrusted=distrusted_kinds(found),
    )
    kept = KeptPass(
        mapping=mapping.fingerprint,
        assembly=assembly,
        ledger=ledger,
        snapshot=snapshot,
        clock=clock,
    )
    await kept.load(max_age=means.max_age)
    core = Core(
        goto=goto,
        mapping=mapping,
        assembly=assembly,
        ledger=ledger,
        journal=Journal(ledger),
        snapshot=snapshot,
        recent=recent,
        refresh=Refresh(
            goto,
            assembly=assembly,
            ledger=ledger,
            snapshot=snapshot,
            recent=recent,
            kept=kept,
            clock=clock,
            administrator=administrator,
            groups_per_user=groups_per_user,
            hidden=hidden,
            report=DropReport(dropped, ledger=ledger, verifier=verifier, found=means.dropped),
        ),
        locks=Locks(),
        brake=brake,
        trail=Trail(ledger, brake, means.contention),
        verifier=verifier,
        groups_per_user=groups_per_user,
        hidden=hidden,
        note_finding=note_finding,
        role_visibility=RoleVisibility(
            goto,
            snapshot,
            administrator=administrator,
            roles_are_written=mapping.writes_roles,
        ),
        clock=clock,
        sleep=means.sleep,
        max_age=means.max_age,
        administrator=administrator,
        members_ignored=means.members_ignored,
    )
    await core.journal.load()
    return core, kept
