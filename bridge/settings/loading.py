"""Gathers the settings: command line over environment over configuration file over default.

Knows sources and how a wrong value is told: all at once, one line each, under the environment's
names. Values of secrets, and of URLs that may hold one, are never repeated.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bridge.errors import BridgeError
from bridge.settings.model import PREFIX, Settings, about, environment_name
from bridge.settings.risks import risks

FILE_SUFFIX = "_file"
FILE_VARIANTS = {name + FILE_SUFFIX: name for name in Settings.model_fields if about(name).file}
KNOWN = [*Settings.model_fields, *FILE_VARIANTS]
LONGEST_SHOWN = 60


class SettingsError(BridgeError):
    """Settings that cannot be used; ``lines`` has one sentence for each that is wrong."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


@dataclass(slots=True)
class _Findings:
    """What is wrong, by the field it concerns, and what is merely odd."""

    errors: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def load_settings(
    *,
    environment: Mapping[str, str] | None = None,
    config: Path | None = None,
    **overrides: object,
) -> Settings:
    """Gather and check the settings, or raise ``SettingsError`` with everything that is wrong.

    ``environment`` is the process's where not given; ``config`` is a TOML file with the same names
    in lower case without the prefix; ``overrides`` that are None count as not given.
    """
    findings = _Findings()
    values = {
        **_from_config(config, findings),
        **_from_environment(os.environ if environment is None else environment, findings),
        **{name: value for name, value in overrides.items() if value is not None},
    }
    settings = _checked(values, findings)
    if settings is None or findings.errors:
        raise SettingsError(findings.errors.values())
    settings._warnings = (*findings.warnings, *risks(settings))
    return settings


def _from_environment(environment: Mapping[str, str], findings: _Findings) -> dict[str, Any]:
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name.isupper()
    }
    for name in sorted(given.keys() - set(KNOWN)):
        guess = _nearest(name)
        hint = f": is {environment_name(guess)} meant?" if guess else "."
        findings.warnings.append(f"{environment_name(name)} is no setting of the bridge{hint}")
        del given[name]
    return _with_files(given, findings)


def _from_config(path: Path | None, findings: _Findings) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        findings.errors["--config"] = f"--config: {path} cannot be read ({error.strerror})."
        return {}
    except ValueError as error:  # both of TOML and of UTF-8
        findings.errors["--config"] = f"--config: {path} is not TOML: {error}."
        return {}
    for name in sorted(given.keys() - set(KNOWN)):
        guess = _nearest(name)
        hint = f": is {guess} meant?" if guess else "."
        findings.errors[name] = f"--config: {name} in {path} is no setting of the bridge{hint}"
        del given[name]
    return _with_files(given, findings)


def _with_files(given: Mapping[str, Any], findings: _Findings) -> dict[str, Any]:
    """Replace ``…_file`` by what the file holds; an empty value counts as not given."""
    values = {name: value for name, value in given.items() if value != ""}
    for variant in FILE_VARIANTS.keys() & values.keys():
        name, path = FILE_VARIANTS[variant], values.pop(variant)
        if name in values:
            findings.errors[name] = (
                f"{environment_name(name)} and {environment_name(variant)} are both given: "
                "keep one of them."
            )
            continue
        try:
            values[name] = _secret_in(Path(str(path)))
        except ValueError as error:
            findings.errors[name] = f"{environment_name(variant)}: {error}."
    return values


def _secret_in(path: Path) -> str:
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text") from error
    if not text:
        raise ValueError(f"{path} is empty")
    return text


def _checked(values: Mapping[str, Any], findings: _Findings) -> Settings | None:
    postgresql = str(values.get("database_url", "")).startswith("postgres")
    if postgresql and "secret_key" not in values:
        findings.errors.setdefault(
            "secret_key",
            "BRIDGE_SECRET_KEY is required with PostgreSQL (or BRIDGE_SECRET_KEY_FILE).",
        )
    try:
        return Settings(**values)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0])
            findings.errors.setdefault(name, _told(name, problem["input"], problem.get("ctx", {})))
        return None


def _told(name: str, value: object, context: Mapping[str, Any]) -> str:
    own = str(context.get("error", ""))
    if own:
        return f"{environment_name(name)} {own}."
    may_be_secret = about(name).file or not Settings.model_fields[name].repr
    shown = "" if may_be_secret else f", not {str(value)[:LONGEST_SHOWN]!r}"
    return f"{environment_name(name)} must be {about(name).must_be}{shown}."


def _nearest(name: str) -> str | None:
    return next(iter(get_close_matches(name.lower(), KNOWN, n=1)), None)
