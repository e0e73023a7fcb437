"""The commands: what a person types, and what it is answered with.

``commands`` has their options, one module each does the work. They join the rooms and decide
nothing that a room could decide. Only here does the simulated GoTo stand beside the bridge.
"""

import sys

from bridge.cli.commands import PROGRAM, app
from bridge.cli.terminal import complain
from bridge.errors import BridgeError

__all__ = ["main"]

WRONG_USAGE = 2


def main() -> None:
    """Run the command line; the exit status is 0 done, 1 a check failed, 2 wrong usage."""
    try:
        app(prog_name=PROGRAM)
    except BridgeError as error:
        complain(error.detail)
        sys.exit(WRONG_USAGE)
