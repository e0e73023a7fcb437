"""``sync``: takes a snapshot of the account, and tells how large it is and what it took."""

from bridge.cli.passing import whole_account
from bridge.cli.terminal import complain, say
from bridge.errors import GoToError
from bridge.settings import Settings


async def sync(settings: Settings) -> bool:
    """Read the whole account into the bridge's database; False where GoTo did not let it."""
    try:
        async with whole_account(settings) as passed:
            counts = passed.rooms.directory.counts
    except GoToError as error:
        complain(error.detail)
        return False
    say(
        f"{counts['User']} users and {counts['Group']} groups, by {passed.calls} calls of GoTo in "
        f"{passed.seconds:.1f} seconds."
    )
    return True
