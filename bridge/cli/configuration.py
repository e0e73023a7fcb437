"""Settings and mapping as the commands take them, and all that is wrong with either at once."""

import os
from pathlib import Path

from bridge.mapping import Mapping, MappingError, load_mapping
from bridge.settings import Settings, SettingsError, load_settings

MAPPING = "BRIDGE_MAPPING"


def settings_from(
    config: Path | None,
    *,
    host: str | None = None,
    port: int | None = None,
    base_path: str | None = None,
) -> Settings:
    """Gather the settings; a SettingsError tells of the mapping that they name, too."""
    try:
        return load_settings(config=config, host=host, port=port, base_path=base_path)
    except SettingsError as error:
        named = os.environ.get(MAPPING)
        mistakes = mapping_mistakes(Path(named)) if named else []
        raise SettingsError([*error.lines, *mistakes]) from None


def mapping_mistakes(path: Path | None) -> list[str]:
    """One line for each mistake of the mapping that the settings name."""
    try:
        load_mapping(path)
    except MappingError as error:
        return [f"{MAPPING}: {mistake}" for mistake in error.mistakes]
    return []


def mapping_of(file: Path | None, *, config: Path | None) -> Mapping:
    """The mapping in ``file``, else the one that the settings name, else the shipped one."""
    return load_mapping(file or settings_from(config).mapping)
