"""How a command speaks: lines that can be copied and piped, and tables.

Knows the terminal and nothing of what is said. Every line is flushed as it is written.
"""

import os

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_OF_A_PIPE = 200
LEFT_BY_PROBE = "left by a probe: {}; `goto-scim-bridge probe --clean` removes it"
NO_CLIENT = (
    "no client can sign in: make a token with `goto-scim-bridge token create NAME`, or set "
    "BRIDGE_TOKEN"
)


def say(*parts: str | Text) -> None:
    """Write one line to standard output, never wrapped."""
    Console().print(*parts, soft_wrap=True, highlight=False, markup=False)


def complain(text: str) -> None:
    """Write to standard error what is wrong, or what standard output should not hold."""
    Console(stderr=True).print(text, soft_wrap=True, highlight=False, markup=False)


def label(text: str, *, width: int = 0) -> Text:
    """A word at the beginning of a line that says what the line is about."""
    return Text(text.ljust(width), style="bold")


def show(table: Table) -> None:
    """Write a table; in a pipe, which has no width of its own, a wide one."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH_OF_A_PIPE
    console.print(table)
