"""Ratchets on the shape of the code: each ceiling is today's number, and only ever goes down.

A change that needs a higher number belongs in another folder or another module. Whoever brings a
number down lowers its ceiling in the same commit, or a test fails.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BRIDGE = ROOT / "bridge"
DIRECTORY = "bridge.directory"
ROLES = {"__init__", "__main__", "errors", "conftest"}
"""Module names that say the same in every package."""

CEILINGS = {
    "files in the largest folder": 74,
    "folders with more than a dozen files": 7,
    "lines of the longest file": 385,
    "files of more than 300 lines": 12,
    "levels of import in the directory": 26,
    "circles of import in the directory": 0,
    "module names in two packages or more": 34,
    "lines of the directory": 11369,
    "context variables": 3,
}


def modules() -> dict[str, Path]:
    """Every module of the bridge by its dotted name."""
    found = {}
    for path in sorted(BRIDGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def folders() -> Counter[str]:
    """How many modules each folder has; migrations are a list that grows by design."""
    return Counter(
        str(path.parent.relative_to(ROOT))
        for path in modules().values()
        if "migrations" not in path.parts and path.name != "__init__.py"
    )


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


@cache
def imports(package: str) -> dict[str, frozenset[str]]:
    """What each module of a package imports of it, while it is loaded."""
    within = {name: path for name, path in modules().items() if name.startswith(package + ".")}
    return {name: frozenset(_imported(path, within)) for name, path in within.items()}


def _imported(path: Path, within: dict[str, Path]) -> Iterator[str]:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in within:
                    yield whole
            if node.module in within:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in within)


def circles(package: str) -> int:
    """How many imports have to go until none runs in a circle."""
    graph = {name: set(found) for name, found in imports(package).items()}
    count = 0
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            count += 1
            importer, imported = error.args[1][1], error.args[1][0]
            graph[importer].discard(imported)
        else:
            return count


def levels(package: str) -> int:
    """The longest chain of imports between the modules of a package."""
    graph = {name: set(found) for name, found in imports(package).items()}
    while True:
        try:
            order = list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            graph[error.args[1][1]].discard(error.args[1][0])
        else:
            break
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[each] for each in graph[name]), default=0)
    return max(depth.values())


def names_in_two_packages() -> int:
    packages: dict[str, set[str]] = {}
    for name in modules():
        package, _, module = name.rpartition(".")
        if module not in ROLES and modules()[name].name != "__init__.py":
            packages.setdefault(module, set()).add(package)
    return sum(len(found) > 1 for found in packages.values())


def context_variables() -> int:
    return sum(path.read_text("utf-8").count("ContextVar(") for path in modules().values())


MEASURES = {
    "files in the largest folder": lambda: max(folders().values()),
    "folders with more than a dozen files": lambda: sum(n > 12 for n in folders().values()),
    "lines of the longest file": lambda: max(map(lines, modules().values())),
    "files of more than 300 lines": lambda: sum(lines(path) > 300 for path in modules().values()),
    "levels of import in the directory": lambda: levels(DIRECTORY),
    "circles of import in the directory": lambda: circles(DIRECTORY),
    "module names in two packages or more": names_in_two_packages,
    "lines of the directory": lambda: sum(
        lines(path) for name, path in modules().items() if name.startswith(DIRECTORY)
    ),
    "context variables": context_variables,
}


@pytest.mark.parametrize("name", MEASURES)
def test_no_number_rises_above_its_ceiling(name: str) -> None:
    assert MEASURES[name]() <= CEILINGS[name]


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "lines of the directory"])
def test_no_ceiling_is_higher_than_it_has_to_be(name: str) -> None:
    assert MEASURES[name]() == CEILINGS[name], "lower the ceiling"


def test_a_measure_sees_what_it_counts(tmp_path: Path) -> None:
    """A circle and a chain of three in a package made for it."""
    made = tmp_path / "made"
    made.mkdir()
    (made / "a.py").write_text("from made import b\n")
    (made / "b.py").write_text("from made.c import x\n")
    (made / "c.py").write_text("import made.a\nx = 1\n")
    within = {f"made.{name}": made / f"{name}.py" for name in "abc"}
    graph = {name: set(_imported(path, within)) for name, path in within.items()}
    assert graph == {"made.a": {"made.b"}, "made.b": {"made.c"}, "made.c": {"made.a"}}
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()
