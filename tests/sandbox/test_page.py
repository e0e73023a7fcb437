"""The page for testers tells the truth about names and defaults."""

import json
import re
from pathlib import Path

from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN, SimulatorSettings
from bridge.sandbox.faults import Rule
from bridge.sandbox.seed import ACCOUNT_KEY

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_every_setting_is_on_the_page_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| [PSI–] \|", PAGE, re.MULTILINE)
    defaults = {
        name: value if isinstance(value, str) else json.dumps(value).removesuffix(".0")
        for name, value in SimulatorSettings().model_dump().items()
    }
    assert dict(rows) == defaults
    assert len(rows) == len(defaults)


def test_every_choice_of_a_setting_is_on_the_page() -> None:
    for name, schema in SimulatorSettings.model_json_schema()["properties"].items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert not [choice for choice in schema.get("enum", []) if str(choice) not in line], name


def test_the_client_the_account_and_the_fields_of_a_fault_are_on_the_page() -> None:
    for name in (CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN, ACCOUNT_KEY, *Rule.model_fields):
        assert name in PAGE
