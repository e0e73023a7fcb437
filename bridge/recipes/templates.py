"""The shipped files of a recipe: found in the wheel or the checkout, and filled in."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2] / "mappings"


def template(folder: str, name: str) -> str:
    """Return the text of a shipped file."""
    packaged = Path(str(files("bridge") / "_mappings")) / folder / name
    path = packaged if packaged.exists() else CHECKOUT / folder / name
    return path.read_text(encoding="utf-8")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of their ``@NAME@``; what is not among them stays for the reader."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
