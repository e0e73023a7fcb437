"""How much is measured: the account's size, and how often and how long each thing is done."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """``rounds`` of ``seconds`` each, on ``connections`` at once; ``wave`` users are onboarded."""

    users: int = 100_000
    groups: int = 1_000
    rounds: int = 7
    seconds: float = 1.0
    connections: int = 16
    wave: int = 1_000
    plain_wave: int = 60
    rate: int = 10


FULL = Size()
QUICK = Size(users=2_000, groups=50, rounds=3, seconds=0.4, wave=120, plain_wave=12)
