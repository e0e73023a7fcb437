"""``recipe``: writes what a platform is given. Knows the terminal and the clock."""

from datetime import UTC, datetime
from pathlib import Path

from bridge.cli.terminal import complain, say
from bridge.errors import BridgeError
from bridge.recipes import Authentication, address_of, eic_files, write_folder

NEEDS_OUT = "--out: recipe eic writes files; name a folder for them."
NEXT = "No file holds a secret. Next: {folder}/README.md"


def write_eic(url: str, *, authentication: Authentication, out: Path | None, package: bool) -> None:
    """Write the files of an EIC connection, and name each. Raises BridgeError."""
    if out is None:
        raise BridgeError(NEEDS_OUT)
    address = address_of(url)
    moment = datetime.now(UTC) if package else None
    files = eic_files(address, authentication, package_at=moment)
    write_folder(out, files)
    for remark in address.remarks:
        complain(remark)
    for name in sorted(files):
        say(str(out / name))
    complain(NEXT.format(folder=out))


WRITERS = {"eic": write_eic}
