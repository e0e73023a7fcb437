"""A folder that a recipe is written to: its own files are renewed, nobody else's are touched.

What was written is remembered in the folder by SHA-256. A file that somebody changed since, or
that was there before, is somebody's.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from bridge.errors import BridgeError

RECORD = ".goto-scim-bridge.json"


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` by name. Raises BridgeError, before anything is written, where one is not
    the recipe's own, and where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recorded = _recorded(folder / RECORD)
        _refuse_others(folder, files, recorded)
        sums = {**recorded, **{name: _sum(content) for name, content in files.items()}}
        # First the record: whatever ends this half-way, the files that came to be are known.
        _put(folder / RECORD, json.dumps(sums, indent=2, sort_keys=True).encode() + b"\n")
        for name, content in files.items():
            _put(folder / name, content)
    except OSError as error:
        reason = error.strerror or "it cannot be used"
        raise BridgeError(f"--out: {folder} cannot be written: {reason}.") from None


def _refuse_others(folder: Path, files: Mapping[str, bytes], recorded: Mapping[str, str]) -> None:
    others = [
        name
        for name, content in files.items()
        if (present := _present(folder / name)) is not None
        and _sum(present) not in (recorded.get(name), _sum(content))
    ]
    if others:
        raise BridgeError(
            f"--out: in {folder} are files that this command did not write, or that were changed "
            f"since: {', '.join(sorted(others))}. Move them away, or name another folder."
        )


def _present(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _recorded(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return (
        {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    )


def _put(path: Path, content: bytes) -> None:
    """Replace a file in one step."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


def _sum(content: bytes) -> str:
    return sha256(content).hexdigest()
