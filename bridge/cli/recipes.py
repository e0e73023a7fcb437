"""``recipe``: writes what a platform is given, or shows it. Knows the terminal and the clock."""

from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from bridge.cli.terminal import complain, say
from bridge.errors import BridgeError
from bridge.recipes import Authentication, address_of, eic_files, page, write_folder

NEEDS_OUT = "--out: recipe eic writes files; name a folder for them."
OF_EIC = "only recipe eic has it"
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


def tell(
    platform: str, url: str, *, authentication: Authentication, out: Path | None, package: bool
) -> None:
    """Show the page of a platform, or write it as a file. Raises BridgeError."""
    if package:
        raise BridgeError(f"--package: {OF_EIC}; take it away for recipe {platform}.")
    if authentication != "token":
        raise BridgeError(
            f"--auth: {OF_EIC}; recipe {platform} tells each way to sign in that there is."
        )
    address = address_of(url)
    text = page(platform, address)
    if out is not None:
        write_folder(out, {f"{platform}.md": text.encode()})
    for remark in address.remarks:
        complain(remark)
    say(str(out / f"{platform}.md") if out is not None else Text(text.removesuffix("\n")))
