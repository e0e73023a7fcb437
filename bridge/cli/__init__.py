"""The commands: what a person types, and what it is answered with.

``commands`` has their options, one module each does the work. They join the rooms and decide
nothing that a room could decide. Only here does the simulated GoTo stand beside the bridge.
"""

import sys
from collections.abc import Sequence

from bridge.cli.commands import PROGRAM, app
from bridge.cli.options import WRONG_USAGE
from bridge.cli.terminal import complain
from bridge.errors import BridgeError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 a check failed, 2 wrong usage or settings.

    ``arguments`` are the process's where not given.
    """
    try:
        app(arguments, prog_name=PROGRAM)
    except BridgeError as error:
        complain(error.detail)
        sys.exit(WRONG_USAGE)
