"""The bounds of this package, as one value that settings can replace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is allowed at once (``burst``), and how much of it comes back each minute."""

    burst: int
    per_minute: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets and quotas. ``enabled=False`` lifts the budgets alone, for measuring.

    Args:
        client_in_room: wrong passwords and invitations of one client (an address) in one room.
        client: codes that lead nowhere, of one client.
        server: the same, of all clients together.
        newcomers: people nobody vouches for who come into a room, or ask to, from one client. A class of
            forty behind one address passes at once; a stranger cannot fill room after room at leisure.
        creations: rooms made (or found again) with one API key.
        codes: codes that the rooms of one tenant change to. Each old one stays reserved for a day, and one
            that is asked for and taken tells that somebody has it.
        waiting_of_client: requests of one client that may wait in one room, so that one stranger cannot take
            all of its ``waiting_in_room`` places.
    """

    enabled: bool = True
    client_in_room: Bucket = Bucket(burst=15, per_minute=5)
    client: Bucket = Bucket(burst=30, per_minute=10)
    server: Bucket = Bucket(burst=600, per_minute=300)
    newcomers: Bucket = Bucket(burst=120, per_minute=60)
    creations: Bucket = Bucket(burst=120, per_minute=60)
    codes: Bucket = Bucket(burst=120, per_minute=60)
    waiting_in_room: int = 100
    waiting_of_client: int = 50
    waiting_of_person: int = 3
    rooms_of_tenant: int = 1000
    keys_of_tenant: int = 1000
    code_length: int = 6


@dataclass(slots=True)
class _Wave:
    """Guesses of one client at one room that are being checked at the same time."""

    open: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Guess:
    """One of a wave: worth checking while the wave has got fewer wrong than was left when this one came."""

    wave: _Wave
    most_wrong: float

    def is_worth_it(self) -> bool:
        """Whether the budget would still let it be checked, whatever it will turn out to be."""
        return self.wave.wrong < self.most_wrong

    def was_wrong(self) -> None:
        """It is counted before the next one of the wave is looked at."""
        self.wave.wrong += 1


class Guesses:
    """What is being checked on this node now.

    A budget is charged when a guess was found to be wrong, since who gets in pays nothing. Of many guesses
    that come at once each finds the budget as it was before them: here they learn of each other.
    """

    def __init__(self) -> None:
        self._waves: dict[str, _Wave] = {}

    @contextmanager
    def guess(self, key: str, left: float) -> Iterator[Guess]:
        """One guess against the budget ``key``, of which ``left`` was there when it was looked at."""
        wave = self._waves.setdefault(key, _Wave())
        wave.open += 1
        try:
            yield Guess(wave, wave.wrong + left)
        finally:
            wave.open -= 1
            if not wave.open:
                del self._waves[key]
