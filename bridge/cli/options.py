"""What several commands have in common: options, exit statuses, the names of the settings."""

from pathlib import Path
from typing import Annotated

import typer

CHECK_FAILED = 1
WRONG_USAGE = 2

# Written out, because asking bridge.settings would make every help text wait for it.
SETTINGS = (
    "Settings are taken from the environment: BRIDGE_HOST, BRIDGE_PORT, BRIDGE_PUBLIC_URL, "
    "BRIDGE_BASE_PATH, BRIDGE_TOKEN, BRIDGE_TOKEN_PROFILE, BRIDGE_SECRET_KEY, "
    "BRIDGE_DATABASE_URL, BRIDGE_MAPPING, "
    "BRIDGE_GOTO_API_URL, BRIDGE_GOTO_AUTH_URL, BRIDGE_GOTO_CLIENT_ID, BRIDGE_GOTO_CLIENT_SECRET, "
    "BRIDGE_GOTO_PAT, BRIDGE_GOTO_REFRESH_TOKEN, BRIDGE_GOTO_ACCOUNT_KEY, BRIDGE_GOTO_RATE_LIMIT, "
    "BRIDGE_SNAPSHOT_MAX_AGE, BRIDGE_VERIFY_WRITES, BRIDGE_LOG_LEVEL, BRIDGE_LOG_FORMAT. A secret "
    "may stand in a file that the same name with _FILE behind it names."
)

Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Settings from a TOML file: the names of the environment in lower case without "
        "BRIDGE_. The environment wins over it.",
    ),
]
