"""Recipes read as a reader would: their tables, code, marks and sources."""

import re
from collections.abc import Iterator

from bridge.recipes import address_of, page

URL = "https://bridge.example.com/scim/v2"
NAMES = (
    "entra",
    "okta",
    "sailpoint",
    "midpoint",
    "one-identity",
    "onelogin",
    "jumpcloud",
    "ping",
    "keycloak",
    "authentik",
)
CODE = re.compile(r"`([^`\n]+)`")
MARK = re.compile(r"\b[VSC]\d\b")


def text_of(name: str, url: str = URL) -> str:
    return page(name, address_of(url))


def section(name: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    _, _, rest = text_of(name).partition(f"\n## {heading}\n")
    assert rest, heading
    return rest.partition("\n## ")[0]


def rows(text: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Each row of each table, by column and as cells."""
    head: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            head = []
        elif not head:
            head = _cells(line)
        elif not line.startswith("| ---"):
            cells = _cells(line)
            assert len(cells) == len(head), line
            yield dict(zip(head, cells, strict=True)), cells


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def attributes(name: str) -> list[str]:
    """The SCIM paths of the attribute table."""
    found = [row["SCIM"] for row, _ in rows(section(name, "Attributes")) if "SCIM" in row]
    return [CODE.findall(cell)[0] for cell in found]


def fences(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.MULTILINE | re.DOTALL)


def spans(name: str) -> list[str]:
    """What stands as code within lines."""
    return CODE.findall(re.sub(r"^```.*?^```$", "", text_of(name), flags=re.M | re.S))
