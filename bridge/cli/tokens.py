"""``token``: the bearer tokens of SCIM clients. Opens the store, and nothing else."""

from datetime import UTC, datetime

from rich.markup import escape
from rich.table import Table

from bridge.cli.terminal import complain, say, show
from bridge.errors import BridgeError
from bridge.operations import set_up_logs
from bridge.rooms import open_store
from bridge.settings import Settings
from bridge.store import ClientToken

SHOWN_ONCE = (
    "This is the token of {name} (profile {profile}). It is not shown again: only its hash is "
    "stored. The client sends it as the header Authorization: Bearer TOKEN."
)
NONE_YET = "No client has a token yet: make one with `goto-scim-bridge token create NAME`."


async def create(settings: Settings, name: str, *, profile: str) -> None:
    """Make a token: alone on standard output, so that it can be piped."""
    set_up_logs("warning", settings.log_format)
    async with open_store(settings) as (store, _):
        token = await store.create_client_token(name, profile=profile, now=datetime.now(UTC))
    say(token)
    complain(SHOWN_ONCE.format(name=name, profile=profile))


async def list_all(settings: Settings) -> None:
    """List every client, those whose token was revoked too."""
    set_up_logs("warning", settings.log_format)
    async with open_store(settings) as (store, _):
        clients = await store.client_tokens()
    if not clients:
        complain(NONE_YET)
        return
    table = Table("client", "profile", "created", "state", box=None)
    for client in clients:
        name = escape(client.name)
        table.add_row(name, client.profile, _moment(client.created_at), _state(client))
    show(table)


async def revoke(settings: Settings, name: str) -> None:
    """Revoke the token of a client. Raises BridgeError where it has none."""
    set_up_logs("warning", settings.log_format)
    async with open_store(settings) as (store, _):
        revoked = await store.revoke_client_token(name, now=datetime.now(UTC))
    if not revoked:
        raise BridgeError(
            f"No client named {name} has a token: `goto-scim-bridge token list` shows those there "
            "are."
        )
    complain(f"The token of {name} is revoked; a running bridge refuses it within 5 seconds.")


def _state(client: ClientToken) -> str:
    return "live" if client.revoked_at is None else f"revoked {_moment(client.revoked_at)}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
