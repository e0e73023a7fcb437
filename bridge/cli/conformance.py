"""``conformance``: a check of a SCIM service, or of the bridge in a sandbox of its own."""

import asyncio
import secrets
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.table import Table

from bridge.cli.sandbox import Sandbox, Seed, in_sandbox
from bridge.cli.serving import run_until_stopped
from bridge.cli.terminal import complain, say, show
from bridge.conformance import TESTER, Report, check, names, page, require_tester
from bridge.errors import BridgeError
from bridge.operations import set_up_logs

BEFORE = (
    "This makes some 70 users and groups at {url}, of made-up names and addresses, and removes "
    "them again. Users have licences for that while, and GoTo sends invitations to the addresses, "
    "which nobody reads. What is there already is not changed."
)
NOT_YET = "Say --yes to do it."


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the options say; no ``url`` means a sandbox."""

    url: str | None
    yes: bool
    only: tuple[str, ...]
    html: Path | None


def run(wanted: Wanted) -> bool:
    """Check, and tell; return whether everything passed."""
    _refuse_unknown(wanted.only)
    if not wanted.only or TESTER in wanted.only:
        require_tester()
    report = _checked_elsewhere(wanted) if wanted.url else _checked_in_sandbox(wanted)
    _tell(report)
    if wanted.html:
        _write(wanted.html, report)
    return report.passed


def _refuse_unknown(only: tuple[str, ...]) -> None:
    unknown = sorted(set(only) - set(names()))
    if unknown:
        raise BridgeError(f"--only: {', '.join(unknown)} is none of {', '.join(names())}.")


def _checked_elsewhere(wanted: Wanted) -> Report:
    url = str(wanted.url).rstrip("/")
    complain(BEFORE.format(url=url))
    if not wanted.yes:
        raise BridgeError(NOT_YET)
    if not url.startswith(("http://", "https://")):
        raise BridgeError("--url must begin with http:// or https://.")
    token = sys.stdin.readline().strip()
    if not token:
        raise BridgeError("--token: there is nothing on standard input.")
    return check(url, token, only=wanted.only, told=_progress)


def _checked_in_sandbox(wanted: Wanted) -> Report:
    set_up_logs("error")
    token = secrets.token_urlsafe(24)
    sandbox = Sandbox(
        port=0, goto_port=0, token=token, data=None, seed=Seed(users=25, groups=5, seed=1)
    )
    found: list[Report] = []
    failed: list[BaseException] = []

    async def serving(stop: asyncio.Event) -> None:
        await in_sandbox(sandbox, stop, begin=partial(begin, stop), hurried=True)

    def begin(stop: asyncio.Event, url: str, _: str) -> None:
        def look() -> None:
            found.append(check(url, token, only=wanted.only, told=_progress))

        def ended(done: asyncio.Future[None]) -> None:
            if error := done.exception():
                failed.append(error)
            stop.set()

        asyncio.ensure_future(asyncio.to_thread(look)).add_done_callback(ended)

    run_until_stopped(serving)
    if failed:
        raise failed[0]
    if not found:
        raise BridgeError("The check was stopped before its end.")
    return found[0]


def _progress(name: str) -> None:
    complain(f"checking {name} ...")


def _tell(report: Report) -> None:
    table = Table(title=f"SCIM conformance of {report.url}")
    table.add_column("platform")
    for heading in ("steps", "passed", "failed", "with a reason"):
        table.add_column(heading, justify="right")
    for each in report.platforms:
        counts = (len(each.outcomes), each.passed, len(each.failed), len(each.reasoned))
        table.add_row(each.name, *(str(count) for count in counts))
    show(table)
    for platform in report.platforms:
        for outcome in platform.failed:
            say(f"failed  {platform.name}: {outcome.name}: {'; '.join(outcome.complaints)}")
        for outcome in platform.reasoned:
            say(f"reason  {platform.name}: {outcome.name}: {outcome.reason}")
    say(f"made and removed again: {len(report.removed)} beside what the steps removed themselves")
    for url in report.left:
        say(f"left    {url} was made by the check and could not be removed: delete it")


def _write(file: Path, report: Report) -> None:
    try:
        file.write_text(page(report, at=datetime.now(UTC)), encoding="utf-8")
    except OSError as error:
        raise BridgeError(f"--html: {file} cannot be written ({error.strerror}).") from error
    complain(f"The report is in {file}.")
