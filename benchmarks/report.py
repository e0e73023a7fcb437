"""What was found: rows of a table with a target each, and the numbers that the plots are drawn of.

Knows how it is shown and written, not how it was measured.
"""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.size import Size

LIBRARIES = (
    "starlette", "uvicorn", "uvloop", "httptools", "orjson", "pydantic", "scim2-models",
    "scim2-server", "httpx", "aiohttp", "sqlalchemy",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One row: what was done, what was measured, and what it has to reach; None has no target."""

    work: str
    measured: str
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "not met", None: ""}[self.met]


@dataclass
class Found:
    """All rows of a run, and the numbers behind them, by name."""

    rows: list[Finding] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)

    def at_least(self, work: str, value: float, target: float, *, shown: str) -> None:
        """Add a row for a value that must not be below its target."""
        self.rows.append(Finding(work, shown, f"≥ {target:g} ×", value >= target))

    def below(self, work: str, value: float, target: float, *, shown: str, unit: str = "×") -> None:
        """Add a row for a value that must not be above its target."""
        self.rows.append(Finding(work, shown, f"≤ {target:g} {unit}".strip(), value <= target))

    def exactly(self, work: str, value: object, target: object, *, shown: str) -> None:
        """Add a row for a value that must be its target."""
        self.rows.append(Finding(work, shown, str(target), value == target))

    def note(self, work: str, shown: str) -> None:
        """Add a row that has no target."""
        self.rows.append(Finding(work, shown))

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table("work", "measured", "target", "", box=None, pad_edge=False)
        for row in self.rows:
            style = {True: "green", False: "bold red", None: "dim"}[row.met]
            table.add_row(escape(row.work), row.measured, row.target, f"[{style}]{row.verdict}")
        console.print(table)

    def write(self, folder: Path, size: Size) -> None:
        """Write ``results.md`` and ``results.json`` into the folder."""
        lines = ["# Results", "", *about(size), "", "| work | measured | target | |"]
        lines += ["| --- | --- | --- | --- |"]
        lines += [
            f"| {row.work} | {row.measured} | {row.target} | {row.verdict} |" for row in self.rows
        ]
        (folder / "results.md").write_text("\n".join([*lines, ""]), "utf-8")
        (folder / "results.json").write_text(json.dumps(self.numbers, indent=1) + "\n", "utf-8")


def about(size: Size) -> Iterable[str]:
    """Lines that say when, on what machine, and with what this was measured."""
    memory = psutil.virtual_memory().total / 2**30
    yield f"- {datetime.now(UTC):%Y-%m-%d}, {size.users:,} users and {size.groups:,} groups,"
    yield f"  {size.rounds} rounds of {size.seconds:g} s each, {size.connections} connections"
    cores = os.cpu_count() or 1
    yield f"- {processor()}, {cores} cores, {memory:.0f} GB, {platform.system()}"
    busy = ", ".join(f"{load / cores:.1f}" for load in psutil.getloadavg())
    yield f"- load a core in the last 1, 5 and 15 minutes, this benchmark's own included: {busy}"
    yield f"- Python {platform.python_version()}, "
    yield "  " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def processor() -> str:
    """The name of the CPU, as far as the system tells."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
