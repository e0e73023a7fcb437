"""Mappings for the tests: the shipped ones, and own files written for one test."""

from pathlib import Path

from bridge.mapping import Mapping, load_mapping, shipped

GOTO = load_mapping()
SANDBOX = load_mapping(shipped("sandbox"))
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EXTENSION = "urn:scim:schemas:extension:goto:1:User"
MIRROR = [{"value": "ada@example.com", "type": "work", "primary": True}]


def own(folder: Path, text: str, *, name: str = "own.toml") -> Mapping:
    """Load an own mapping with this text."""
    return load_mapping(written(folder, text, name=name))


def written(folder: Path, text: str, *, name: str = "own.toml") -> Path:
    """Write a mapping file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
