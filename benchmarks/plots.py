"""The numbers of a run as plots: SVG files, readable on light and on dark.

``python -m benchmarks.plots [NUMBERS FOLDER]`` draws what ``results.json`` holds. Knows
pygal, and not how anything was measured.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pygal
from pygal.style import Style

ROOT = Path(__file__).parent.parent
NUMBERS = ROOT / "benchmarks" / "results.json"
FOLDER = ROOT / "docs" / "plots"

# Middle tones, which stand out from white as from black; the ground is left as it is.
GREY = "#808080"
COLORS = ("#2f81f7", "#d29922", "#8b949e", "#3fb950")
STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground=GREY,
    foreground_strong=GREY,
    foreground_subtle=GREY,
    guide_stroke_color=GREY,
    major_guide_stroke_color=GREY,
    value_colors=(GREY,) * 4,
    value_font_size=9,
    colors=COLORS,
    font_family="sans-serif",
    opacity="1",
)
SCRIPT = re.compile(rb"<script.*?</script>", re.DOTALL)
ORDER = ("bridge", "plain translator", "bare Starlette", "GoTo itself", "GoTo's limit")


def draw(numbers: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what there are numbers for, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {
        "operations": ("speed", _bars, "Operations a second, no rate limit (logarithmic)"),
        "calls": ("calls", _bars, "GoTo calls for one operation (none is 0)"),
        "import": ("import_seconds", _lines, "Full import at ten calls a second: seconds"),
        "wave": ("wave_seconds", _lines, "Onboarding wave at ten calls a second: seconds"),
    }
    files = []
    for name, (key, kind, title) in drawn.items():
        if numbers.get(key):
            file = folder / f"{name}.svg"
            file.write_bytes(kind(numbers[key], title, logarithmic=key != "calls"))
            files.append(file)
    return files


def _bars(values: Mapping[str, Mapping[str, float]], title: str, *, logarithmic: bool) -> bytes:
    chart = pygal.Bar(
        **_options(title, logarithmic),
        x_label_rotation=20,
        print_values=True,
        **_scale(values, logarithmic),
    )
    chart.x_labels = list(values)
    for name in _names(values):
        chart.add(name, [each.get(name) for each in values.values()])
    return _picture(chart.render())


def _lines(values: Mapping[str, Mapping[str, float]], title: str, *, logarithmic: bool) -> bytes:
    stroke = {"width": 3}
    chart = pygal.Line(
        **_options(title, logarithmic), x_title="users in the account", stroke_style=stroke
    )
    chart.x_labels = [f"{int(users):,}" for users in values]
    for name in _names(values):
        chart.add(name, [each.get(name) for each in values.values()])
    return _picture(chart.render())


def _scale(values: Mapping[str, Mapping[str, float]], logarithmic: bool) -> dict[str, Any]:
    heights = [number for each in values.values() for number in each.values()]
    # Room below the smallest bar, which would have no height on a logarithmic scale.
    lowest = min(heights) / 3 if logarithmic else 0
    return {"range": (lowest, max(heights) * 1.2), "zero": lowest}


def _picture(drawn: bytes) -> bytes:
    # Without what pygal adds for a page: nothing here is to run, and each run would differ.
    return SCRIPT.sub(b"", drawn)


def _names(values: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [name for name in ORDER if any(name in each for each in values.values())]


def _options(title: str, logarithmic: bool) -> dict[str, Any]:
    return {
        "title": title,
        "style": STYLE,
        "logarithmic": logarithmic,
        "js": [],
        "show_dots": True,
        "legend_at_bottom": True,
        "value_formatter": lambda value: f"{value:,.4g}",
        "width": 800,
        "height": 420,
        "no_prefix": True,
    }


def main(numbers: Path = NUMBERS, folder: Path = FOLDER) -> None:
    """Draw what a file of numbers holds."""
    draw(json.loads(numbers.read_text("utf-8")), folder)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:3]))
