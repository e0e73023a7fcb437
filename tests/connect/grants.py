"""Grants and settings that the tests of this folder begin with."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bridge.goto import Grant
from bridge.sandbox import CLIENT_ID, CLIENT_SECRET
from bridge.settings import Settings, load_settings

CLIENT = {"BRIDGE_GOTO_CLIENT_ID": CLIENT_ID, "BRIDGE_GOTO_CLIENT_SECRET": CLIENT_SECRET}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def refresh_token(**fields: Any) -> Grant:
    """A refresh token of ``NOW``, good for thirty days."""
    return Grant(
        **{
            "kind": "refresh_token",
            "secret": "refresh-1",
            "obtained_at": NOW,
            "expires_at": NOW + timedelta(days=30),
            **fields,
        }
    )


def settings_in(folder: Path, **values: Any) -> Settings:
    """Settings with a database in ``folder`` and the simulator's OAuth client."""
    return load_settings(
        environment={},
        **{
            "database_url": f"sqlite:///{folder / 'bridge.db'}",
            "goto_client_id": CLIENT_ID,
            "goto_client_secret": CLIENT_SECRET,
            **values,
        },
    )
