"""The report tells shapes and codes, and no value of a person, whatever GoTo answers."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bridge.probe import Observations, report, write_report
from tests.probe.trials import World

JANE = "Jane.Doe"
HOSTILE: list[tuple[int, Any]] = [
    (200, {JANE: 1, "jane@example.com": 1, "<b>Jane</b>": 1, "key": JANE, "a|b": 1}),
    (200, {"results": [{"email": "jane@example.com", "Jane Doe": {"deep": JANE}}], "total": 1}),
    (200, [{"key": "77", "jane doe": 1}, JANE, None]),
    (400, {"errors": [{"code": "jane@example.com"}, {"code": "Jane Doe"}, {"code": 7}, JANE]}),
    (400, {"errors": [{"code": "user.77.taken", "value": "jane"}], "code": "<script>"}),
    (400, {"errors": "jane"}),
    (404, {"errorCode": "NOT_FOUND", "message": "no jane"}),
    (500, "jane"),
]


def test_no_reply_brings_a_value_into_the_report(tmp_path: Path) -> None:
    seen = Observations()
    for status, body in HOSTILE:
        seen.note(
            "GET",
            "users/6581286685341855244/x?filter=jane&pageSize=1",
            status=status,
            headers=["Content-Type", "X Jane", "x-jane@example.com"],
            body=body,
        )
    told = report([], probed_at="2026-03-01", version="1", details={}, seen=seen)
    written = write_report(told, tmp_path / "r.md")
    assert [path.name for path in written] == ["r.md", "r.md.json"]
    for path in written:
        text = path.read_text("utf-8")
        assert "jane" not in text.lower()
        assert "6581" not in text
        assert "<" not in text
    [each] = json.loads(written[1].read_text("utf-8"))["replies"]
    assert each == {
        "method": "GET",
        "path": "users/{key}/x?filter&pageSize",
        "statuses": [200, 400, 404, 500],
        "codes": ["NOT_FOUND"],
        "headers": ["content-type"],
        "fields": ["email", "key", "results", "total"],
    }


@pytest.mark.parametrize("body", [{"errors": [{"code": "jane@example.com"}]}, "jane", None])
def test_no_error_of_goto_brings_a_value_into_an_effect(tmp_path: Path, body: Any) -> None:
    async def scenario() -> None:
        world = World(tmp_path)
        rule = {"match": {"method": "PUT"}, "status": 403, "body": body}
        await world.faults([rule])
        outcome, trial, _ = await world.probed()
        told = json.dumps([each.effect for each in outcome.findings]) + json.dumps(trial.details)
        assert "403" in told
        assert "jane" not in told
        assert outcome.left == []

    asyncio.run(scenario())
