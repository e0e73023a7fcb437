"""The sealer: what opens, what does not, and what it gives away."""

import pytest

from bridge.errors import BridgeError
from bridge.store import Sealer

ONE, TWO = b"1" * 32, b"2" * 32


def test_what_was_sealed_opens_with_the_same_context_only() -> None:
    sealer = Sealer([ONE])
    sealed = sealer.seal(b"plain", context="grant:a")
    assert sealer.open(sealed, context="grant:a") == b"plain"
    with pytest.raises(BridgeError, match="BRIDGE_SECRET_KEY"):
        sealer.open(sealed, context="grant:b")


def test_the_first_key_seals_and_every_key_opens() -> None:
    sealed = Sealer([ONE]).seal(b"plain", context="c")
    both = Sealer([TWO, ONE])
    assert both.open(sealed, context="c") == b"plain"
    assert Sealer([TWO]).open(both.seal(b"new", context="c"), context="c") == b"new"


@pytest.mark.parametrize("cut", [0, 1, 5, 13, 20, -1])
def test_a_damaged_value_is_refused(cut: int) -> None:
    sealer = Sealer([ONE])
    with pytest.raises(BridgeError):
        sealer.open(sealer.seal(b"plain", context="c")[:cut], context="c")


def test_a_changed_byte_is_refused() -> None:
    sealer = Sealer([ONE])
    sealed = sealer.seal(b"plain", context="c")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(BridgeError):
            sealer.open(changed, context="c")


def test_sealing_twice_never_looks_the_same() -> None:
    sealer = Sealer([ONE])
    assert sealer.seal(b"plain", context="c") != sealer.seal(b"plain", context="c")


def test_derived_secrets_are_stable_and_differ_by_purpose_and_key() -> None:
    cursor = Sealer([ONE]).derive("cursor")
    assert cursor == Sealer([ONE, TWO]).derive("cursor")
    assert len({cursor, Sealer([ONE]).derive("other"), Sealer([TWO]).derive("cursor"), ONE}) == 4
    assert len(cursor) == 32


@pytest.mark.parametrize("keys", [[], [b"short"], [ONE, b""]])
def test_keys_of_another_length_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(BridgeError, match="BRIDGE_SECRET_KEY"):
        Sealer(keys)


def test_its_representation_gives_no_key_away() -> None:
    assert "111" not in repr(Sealer([ONE]))
