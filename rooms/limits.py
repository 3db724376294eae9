"""The bounds of this package, as one value that settings can replace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """Failures allowed at once (``burst``), and how many come back each minute."""

    burst: int
    per_minute: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets and quotas. ``enabled=False`` lifts the budget of failures alone, for measuring."""

    enabled: bool = True
    client_in_room: Bucket = Bucket(burst=15, per_minute=5)
    client: Bucket = Bucket(burst=30, per_minute=10)
    server: Bucket = Bucket(burst=600, per_minute=300)
    waiting_in_room: int = 100
    waiting_of_person: int = 3
    rooms_of_tenant: int = 1000
    code_length: int = 6
