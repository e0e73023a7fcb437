"""Selections: a byte for each position, 1 where it is selected, else 0.

All of them are joined, turned and counted as whole numbers, at the speed of C.
"""

from collections.abc import Iterable
from typing import Any


def selection(chosen: Iterable[Any]) -> bytes:
    """Return the selection that is made of truth values."""
    return bytes([bool(each) for each in chosen])


def flipped(chosen: bytes) -> bytes:
    """Return what is not selected."""
    return chosen.translate(_FLIP)


def both(left: bytes, right: bytes) -> bytes:
    """Return what is in two selections."""
    return (_number(left) & _number(right)).to_bytes(len(left), "little")


def either(left: bytes, right: bytes) -> bytes:
    """Return what is in one selection or the other."""
    return (_number(left) | _number(right)).to_bytes(len(left), "little")


def count(chosen: bytes) -> int:
    """Return how many are selected."""
    return _number(chosen).bit_count()


def _number(chosen: bytes) -> int:
    return int.from_bytes(chosen, "little")


_FLIP = bytes([1, 0]) + bytes(254)
