"""One window of one server: what was counted, and what follows from it."""

from dataclasses import dataclass
from typing import Any

from tests.bench.candidates import Candidate

IN_TIME = 0.97  # the share of events in time from which a server has kept up
FULL = 0.9  # the share of a core from which it is taken for full


@dataclass(frozen=True, slots=True)
class Sample:
    """``told`` are the counts of the window (fan_out.window); ``idle`` and ``busy`` bytes a viewer."""

    candidate: Candidate
    viewers: int
    rate: float
    told: dict[str, Any]
    idle: float
    busy: float

    @property
    def setting(self) -> tuple[int, float]:
        return self.viewers, self.rate

    @property
    def cpu(self) -> float:
        """Seconds of the server's user and system time a delivered event."""
        return float(self.told["server"]) / max(1, self.told["events"])

    @property
    def cpu_all(self) -> float:
        """The same with its store, which only ours has."""
        return self.cpu + float(self.told["store"]) / max(1, self.told["events"])

    @property
    def in_time(self) -> float:
        """The share of what was published that was there when the window ended."""
        return float(self.told["in_time"]) / self.told["due"]

    @property
    def kept_up(self) -> bool:
        return self.in_time >= IN_TIME

    @property
    def server_core(self) -> float:
        return float(self.told["server"]) / self.told["seconds"]

    @property
    def load_core(self) -> float:
        """The share of its core that the load generator used, with who makes the events."""
        return float(self.told["load"]) / self.told["seconds"]

    @property
    def limit(self) -> str:
        """Whose core was full, where not everything came in time; "neither": others used the machine."""
        if self.kept_up:
            return ""
        return "server" if self.server_core >= FULL else "load" if self.load_core >= FULL else "neither"

    @property
    def p50(self) -> float:
        return float(self.told["p50"])

    @property
    def p95(self) -> float:
        return float(self.told["p95"])

    @property
    def p99(self) -> float:
        return float(self.told["p99"])

    @property
    def size(self) -> float:
        """Bytes on the wire a delivered event."""
        return float(self.told["bytes"]) / max(1, self.told["events"])

    @property
    def misordered(self) -> int:
        """Messages whose first event was not the one after the last: lost, twice or out of order."""
        return int(self.told["misordered"])
