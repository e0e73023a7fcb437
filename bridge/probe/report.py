"""The report of a probe, in Markdown and JSON, to be handed to the maintainers.

Knows the two forms. Everything in it is a word of the bridge, a status, an error code or the name
of a header or field: no value of a person.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from bridge.probe.observations import Observations
from bridge.store import Finding


def report(
    findings: Sequence[Finding],
    *,
    probed_at: str,
    version: str,
    details: dict[str, str],
    seen: Observations,
) -> dict[str, Any]:
    """Return the report as JSON."""
    return {
        "probed_at": probed_at,
        "version": version,
        "findings": [
            {"name": each.name, "outcome": each.outcome, "effect": each.effect} for each in findings
        ],
        "details": dict(sorted(details.items())),
        "replies": seen.as_json(),
    }


def write_report(told: dict[str, Any], out: Path) -> list[Path]:
    """Write Markdown to ``out`` and JSON beside it. Raises ``OSError``."""
    beside = out.with_name(out.name + ".json")
    out.write_text(_markdown(told), "utf-8")
    beside.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    return [out, beside]


def _markdown(told: dict[str, Any]) -> str:
    lines = [
        "# How this GoTo behaves",
        "",
        f"Found by `goto-scim-bridge probe` {told['version']} at {told['probed_at']}. This report "
        "holds statuses, error codes and names of headers and fields, and no value of a person.",
        "",
        *_table(
            ("finding", "outcome", "effect"),
            [(each["name"], each["outcome"], each["effect"]) for each in told["findings"]],
        ),
        "",
        "## Details",
        "",
        *_table(("detail", "seen"), list(told["details"].items())),
        "",
        "## Replies",
        "",
        *_table(
            ("method", "path", "statuses", "codes", "fields", "headers"),
            [
                (
                    each["method"],
                    each["path"],
                    *(_listed(each[name]) for name in ("statuses", "codes", "fields", "headers")),
                )
                for each in told["replies"]
            ],
        ),
        "",
    ]
    return "\n".join(lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_row(heads), _row(["---"] * len(heads)), *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _listed(values: Sequence[object]) -> str:
    return ", ".join(str(value) for value in values)
