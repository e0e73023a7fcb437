"""``python -m benchmarks [PART …]``: measures, prints the table, and writes it where asked to."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.report import Finding, Found
from benchmarks.size import FULL, QUICK, Size

PARTS = ("imports", "waves", "members", "reads", "writes", "filters", "weight", "hostile")
ROOT = Path(__file__).parent.parent
LINES = 5

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=f"Measure the bridge. Parts: {', '.join(PARTS)}; without one, all of them.")
def benchmarks(
    parts: Annotated[list[str] | None, typer.Argument()] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes: to see that it runs.")] = False,
    users: Annotated[int | None, typer.Option(min=200)] = None,
    groups: Annotated[int | None, typer.Option(min=2)] = None,
    rounds: Annotated[int | None, typer.Option(min=1)] = None,
    seconds: Annotated[float | None, typer.Option(help="Of one turn in a round.")] = None,
    wave: Annotated[int | None, typer.Option(min=10, help="Users that are onboarded.")] = None,
    write: Annotated[
        bool, typer.Option(help="Write benchmarks/results.* and the plots in docs/plots.")
    ] = False,
) -> None:
    """Measure."""
    wanted = parts or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        raise typer.BadParameter(f"no such part: {', '.join(unknown)}. Parts: {', '.join(PARTS)}")
    given: dict[str, Any] = {
        "users": users,
        "groups": groups,
        "rounds": rounds,
        "seconds": seconds,
        "wave": wave,
    }
    size = replace(
        QUICK if quick else FULL, **{name: value for name, value in given.items() if value}
    )
    found = measured(wanted, size, Console(stderr=True))
    console = Console(width=None if "COLUMNS" in os.environ else 140)
    found.show(console)
    if write:
        found.write(ROOT / "benchmarks", size)
        # In a process of its own: pygal leaves an import hook behind, of a kind long gone.
        subprocess.run([sys.executable, "-m", "benchmarks.plots"], cwd=ROOT, check=True)


def measured(parts: list[str], size: Size, console: Console) -> Found:
    """Run the parts one after the other."""
    found = Found()
    for name in parts:
        console.print(f"measuring {name} …", style="dim")
        with TemporaryDirectory(prefix="bench-") as folder:
            try:
                import_module(f"benchmarks.parts.{name}").run(size, Path(folder), found)
            except Exception as error:
                # What the other parts found took long, and is not lost with this one.
                found.rows.append(Finding(f"{name}: not finished", str(error), "to finish", False))
                told = "\n".join(log_ends(Path(folder)))
                console.print(f"{name}: {error}\n{told}", style="red", markup=False)
    return found


def log_ends(folder: Path) -> Iterator[str]:
    """The last lines that each server wrote."""
    for log in sorted(folder.rglob("*.log")):
        lines = log.read_text("utf-8", "replace").splitlines()[-LINES:]
        yield from (f"{log.stem}: {line}" for line in lines)


if __name__ == "__main__":
    app()
