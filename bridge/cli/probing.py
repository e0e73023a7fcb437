"""``probe``: asks for consent, runs the steps with a line for each, stores and reports the outcome.

Knows the terminal and the order of things; the steps are in ``bridge.probe``.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bridge.cli.terminal import LEFT_BY_PROBE, complain, label, say
from bridge.errors import BridgeError, GoToError
from bridge.goto import Administrator, GoToClient, LicenseRecord, Throttle, open_http
from bridge.mapping import load_mapping
from bridge.operations import set_up_logs
from bridge.probe import (
    NAMES,
    RATE,
    UNKNOWN,
    Calls,
    OAuth,
    Throwaways,
    Trial,
    aside,
    report,
    run,
    write_report,
)
from bridge.rooms import open_rooms
from bridge.settings import Settings
from bridge.store import Finding, ProbeObject, Store

T = TypeVar("T")

SEATS = 2
PAUSE = 1.1
"""Seconds between two connections, so that their requests together keep the rate."""
NAME_COLUMN, OUTCOME_COLUMN = 16, 18
NO_CONSENT = (
    "probe: there is no terminal to ask for consent at: give --yes to write to the account, or "
    "--read-only to write nothing."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The options."""

    read_only: bool = False
    license_key: str | None = None
    yes: bool = False
    out: Path | None = None
    clean: bool = False


@dataclass(frozen=True)
class Account:
    """The connected account, and the parts that ask it."""

    administrator: Administrator
    name: str
    store: Store
    calls: Calls
    goto: GoToClient
    throwaways: Throwaways


@dataclass(frozen=True)
class Plan:
    """What a run will do, as the operator is told before the first write."""

    account: str
    license: LicenseRecord | None


def probe(settings: Settings, wanted: Wanted) -> bool:
    """Run a probe; False where a step could not end or something is left behind.

    Raises ``BridgeError`` for wrong usage.
    """
    set_up_logs("warning", settings.log_format)
    if not (wanted.read_only or wanted.yes or wanted.clean or sys.stdin.isatty()):
        raise BridgeError(NO_CONSENT)
    try:
        if wanted.clean:
            return _interruptible(_clean(settings))
        plan = _interruptible(_plan(settings, wanted))
        writes = not wanted.read_only and (wanted.yes or _consents(plan))
        return _interruptible(_probe(settings, wanted, plan, writes=writes))
    except GoToError as error:
        complain(error.detail)
        return False
    except (asyncio.CancelledError, KeyboardInterrupt):
        complain("interrupted; `goto-scim-bridge probe --clean` removes what may be left")
        return False


def _interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work``; SIGTERM and SIGHUP end it as Ctrl-C does, with what was made removed."""

    async def watched() -> T:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, task.cancel)
        return await work

    return asyncio.run(watched())


def _consents(plan: Plan) -> bool:
    say(f"The probe writes to {plan.account}: it makes two users (scim-probe-...) and two groups,")
    say("without invitations, changes them, and removes them again.")
    if plan.license is not None:
        say(f"It gives them {_called(plan.license)}, of which {plan.license.free} seats are free.")
    else:
        say(f"No licence has {SEATS} free seats, so that it gives them none.")
    return typer.confirm("Go on")


def _called(record: LicenseRecord) -> str:
    return f"the licence {record.key} ({', '.join(record.products) or 'without a product'})"


async def _plan(settings: Settings, wanted: Wanted) -> Plan:
    async with _account(settings) as account:
        _name_left(await account.throwaways.left())
        chosen = None
        if not wanted.read_only:
            chosen = _chosen(await account.goto.licenses(), wanted.license_key)
        await asyncio.sleep(PAUSE)
        return Plan(account.name, chosen)


def _chosen(records: Sequence[LicenseRecord], key: str | None) -> LicenseRecord | None:
    fitting = [each for each in records if each.assignable and each.free >= SEATS]
    if key is None:
        return max(fitting, key=lambda each: each.free, default=None)
    named = [each for each in records if key == each.key or key in each.products]
    if not named:
        raise BridgeError(f"--license: {key} is no licence of this account.")
    for each in named:
        if each in fitting:
            return each
    raise BridgeError(f"--license: {key} has no {SEATS} free seats that can be given.")


def _name_left(left: Sequence[ProbeObject]) -> None:
    for each in left:
        say(LEFT_BY_PROBE.format(each))


async def _clean(settings: Settings) -> bool:
    async with _account(settings) as account:
        before = await account.throwaways.left()
        left = await account.throwaways.remove_all()
    for each in before:
        outcome = "still there" if each.name in {one.name for one in left} else "removed"
        say(label(outcome, width=NAME_COLUMN), str(each))
    if not before:
        say("Nothing is left by an earlier probe.")
    return not left


async def _probe(settings: Settings, wanted: Wanted, plan: Plan, *, writes: bool) -> bool:
    async with _account(settings) as account:
        trial = Trial(
            account.calls,
            account.throwaways,
            account.administrator,
            license_key=plan.license.key if plan.license else None,
            may_write=writes,
            because="--read-only" if wanted.read_only else "no consent to write",
        )
        with _Lines() as lines:
            outcome = await run(trial, found=lines.tell)
        await _save(account.store, account.goto.account_key, [*outcome.findings, *aside(trial)])
    if wanted.out is not None:
        told = report(
            outcome.findings,
            probed_at=outcome.probed_at.isoformat(timespec="seconds"),
            version=version("goto-scim-bridge"),
            details=trial.details,
            seen=account.calls.seen,
        )
        try:
            written = write_report(told, wanted.out)
        except OSError as error:
            complain(f"--out: {wanted.out} could not be written ({error.strerror}).")
            return False
        say(f"The report is in {written[0]} and {written[1]}.")
    for each in outcome.left:
        complain(LEFT_BY_PROBE.format(each))
    say(f"{account.calls.sent} requests.")
    return outcome.is_whole


async def _save(store: Store, account_key: str, findings: Sequence[Finding]) -> None:
    """Store the outcome; a step that found nothing out leaves what was known before."""
    before = await store.findings.of(account_key)
    kept = [each for each in findings if each.outcome != UNKNOWN or each.name not in before]
    await store.findings.save(account_key, kept)


@asynccontextmanager
async def _account(settings: Settings) -> AsyncIterator[Account]:
    throttle = Throttle(min(RATE, settings.goto_rate_limit))
    async with AsyncExitStack() as stack:
        mapping = load_mapping(settings.mapping)
        rooms = await stack.enter_async_context(open_rooms(settings, mapping))
        api = await stack.enter_async_context(open_http(settings.goto_api_url))
        oauth = await stack.enter_async_context(open_http(settings.goto_auth_url))
        goto = GoToClient(
            api, grant=rooms.tokens, throttle=throttle, account_key=settings.goto_account_key
        )
        await rooms.tokens.token()
        administrator = await goto.connect(chosen=rooms.tokens.grant.account_key)
        secret = settings.goto_client_secret
        calls = Calls(
            api,
            tokens=rooms.tokens,
            throttle=throttle,
            account_key=goto.account_key,
            clock=time.monotonic,
            sleep=asyncio.sleep,
            oauth=OAuth(
                oauth, settings.goto_client_id or "", secret.get_secret_value() if secret else ""
            ),
        )
        throwaways = Throwaways(
            calls,
            rooms.store.probe_objects,
            account_key=goto.account_key,
            domain=administrator.email.rpartition("@")[2],
        )
        name = dict(administrator.accounts).get(goto.account_key) or administrator.account_name
        shown = f"{name or 'the account'} ({goto.account_key})"
        yield Account(administrator, shown, rooms.store, calls, goto, throwaways)


class _Lines:
    """A line for each finding, and on a terminal a bar below them."""

    def __init__(self) -> None:
        console = Console()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._bar = self._progress.add_task("probe", total=len(NAMES))

    def __enter__(self) -> "_Lines":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, finding: Finding) -> None:
        """Write a line."""
        word = label(finding.outcome.ljust(OUTCOME_COLUMN))
        self._progress.console.print(
            finding.name.ljust(NAME_COLUMN),
            word,
            finding.effect,
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
        self._progress.advance(self._bar)
