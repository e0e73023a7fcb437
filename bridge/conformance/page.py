"""A check's report as one HTML page that needs nothing else."""

from collections.abc import Iterator
from datetime import datetime
from html import escape

from bridge.conformance.platforms import Platform, Report
from bridge.conformance.replay import Outcome

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.failed{color:#c0271c}.passed{color:#1a7f37}
@media(prefers-color-scheme:dark){.failed{color:#ff8a80}.passed{color:#7ee08f}}
code{overflow-wrap:anywhere}details{margin:.6rem 0}summary{cursor:pointer;font-weight:600}
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SCIM conformance of {url}</title><style>{style}</style></head><body>
<h1>SCIM conformance</h1>
<p><code>{url}</code>, {at}: <strong class="{verdict}">{verdict}</strong></p>
<table><thead><tr><th scope="col">platform</th><th scope="col" class="number">steps</th>
<th scope="col" class="number">passed</th><th scope="col" class="number">failed</th>
<th scope="col" class="number">with a reason</th></tr></thead><tbody>
{rows}
</tbody></table>
{left}
{details}
</body></html>
"""
ROW = (
    '<tr><th scope="row"><a href="#{name}">{name}</a></th><td class="number">{steps}</td>'
    '<td class="number">{passed}</td><td class="number {colour}">{failed}</td>'
    '<td class="number">{reasoned}</td></tr>'
)
DETAILS = (
    '<details id="{name}"{opened}><summary>{name}</summary><table><thead><tr>'
    '<th scope="col">step</th><th scope="col">result</th><th scope="col">why</th></tr></thead>'
    "<tbody>{steps}</tbody></table></details>"
)
STEP = '<tr><td>{name}</td><td class="{result}">{result}</td><td><code>{why}</code></td></tr>'


def page(report: Report, *, at: datetime) -> str:
    """Return the page; ``at`` is when the check was made."""
    return PAGE.format(
        url=escape(report.url),
        style=STYLE,
        at=at.strftime("%Y-%m-%d %H:%M UTC"),
        verdict="passed" if report.passed else "failed",
        rows="\n".join(_row(platform) for platform in report.platforms),
        left="\n".join(_left(report)),
        details="\n".join(_details(platform) for platform in report.platforms),
    )


def _row(platform: Platform) -> str:
    return ROW.format(
        name=escape(platform.name),
        steps=len(platform.outcomes),
        passed=platform.passed,
        failed=len(platform.failed),
        colour="failed" if platform.failed else "passed",
        reasoned=len(platform.reasoned),
    )


def _left(report: Report) -> Iterator[str]:
    if report.left:
        yield '<p class="failed">Made by the check, and not removed; delete them:</p><ul>'
        yield from (f"<li><code>{escape(url)}</code></li>" for url in report.left)
        yield "</ul>"


def _details(platform: Platform) -> str:
    return DETAILS.format(
        name=escape(platform.name),
        opened=" open" if platform.failed else "",
        steps="".join(_step(outcome) for outcome in platform.outcomes),
    )


def _step(outcome: Outcome) -> str:
    why = "; ".join(outcome.complaints) or outcome.reason
    result = "failed" if outcome.complaints else "passed"
    return STEP.format(name=escape(outcome.name), result=result, why=escape(why))
