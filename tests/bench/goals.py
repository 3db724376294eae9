"""The goals and what the tables of the document say about them; written anew whenever a table is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.bench.figures import written
from tests.bench.table import Table, rows_of

NAME = "goals"
HELD, MISSED, UNKNOWN = "held", "**missed**", "not measured"


@dataclass(frozen=True, slots=True)
class Goal:
    """``found`` gives the figures of a document that may be at most ``limit`` (``least``: at least)."""

    quantity: str
    limit: float
    unit: str
    found: Callable[[str], Iterator[float]]
    least: bool = False

    def row(self, document: str) -> tuple[str, str, str, str]:
        """Return quantity, goal, the worst figure found, and the verdict."""
        bound = "at least" if self.least else "at most"
        wanted = f"{bound} {self.limit:,.10g} {self.unit}"
        figures = list(self.found(document))
        if not figures:
            return self.quantity, wanted, "n/a", UNKNOWN
        worst = min(figures) if self.least else max(figures)
        held = worst >= self.limit if self.least else worst <= self.limit
        return self.quantity, wanted, f"{written(worst)} {self.unit}", HELD if held else MISSED


def column(table: str, head: str, *firsts: str) -> Callable[[str], Iterator[float]]:
    """Return the figures of a column, of all rows or of those whose first cell is one of ``firsts``."""

    def found(document: str) -> Iterator[float]:
        for row in rows_of(document, table):
            if not firsts or next(iter(row.values())) in firsts:
                yield from figure(row.get(head, ""))

    return found


def figure(cell: str) -> Iterator[float]:
    """Return the number a cell begins with; nothing where nothing was measured."""
    try:
        yield float(cell.split(maxsplit=1)[0].rstrip("%").replace(",", ""))
    except (IndexError, ValueError):
        return


def against_peers(document: str) -> Iterator[float]:
    """Our CPU a delivered event over that of each peer in the same form; what is C is no peer but a limit."""
    rows = rows_of(document, "fan-out-goal")
    ours = {row["form"]: row[CPU] for row in rows if row["server"] == "spectator"}
    for row in rows:
        if not row["server"].startswith(("spectator", "C,")):
            for mine in figure(ours.get(row["form"], "")):
                yield from (mine / theirs for theirs in figure(row[CPU]))


CPU = "CPU a delivered event, us"
CHECKED = ("metrics, 10 values", "metrics, usual names", "decision")
LONG_RUN = "server after a run of 200,000 events, watched"
DEAF = "a viewer that never reads, beyond one that does"
GOALS = (
    Goal("`room.log(...)`, median, server up, hanging or gone", 10, "us", column("log-call", "median, us")),
    Goal("`room.log(...)`, p99, the same", 100, "us", column("log-call", "p99, us")),
    Goal("a training loop of 1 ms steps, slower by", 1, "%", column("training-loop", "slower")),
    Goal("`import spectator`", 50, "ms", column("import", "ms")),
    Goal("publish to a viewer, up to 10 events/s, p50", 10, "ms", column("publish", "p50, ms", "1", "10")),
    Goal("publish to a viewer, up to 10 events/s, p99", 50, "ms", column("publish", "p99, ms", "1", "10")),
    Goal("publish to a viewer, at any rate, p99", 60, "ms", column("publish", "p99, ms")),
    Goal(
        "fan-out to 1,000 viewers x 100 events/s, a delivery",
        2,
        "us",
        column("fan-out-goal", CPU, "spectator"),
    ),
    Goal("the same, as a multiple of each peer", 1, "x", against_peers),
    Goal(
        "p99 while 5 of 25 viewers never read, over p99 without",
        2,
        "x",
        column("slow-viewers", "p99 over that of all reading", "5"),
    ),
    Goal(
        "decode and check, batches of 100",
        400_000,
        "events/s",
        column("events", "decode + check, events/s", *CHECKED),
        least=True,
    ),
    Goal(
        "memory of an idle viewer",
        20,
        "KB",
        column("memory", "resident memory", "an idle viewer (v1, deflate)"),
    ),
    Goal(
        "more for a viewer that never reads",
        64,
        "KB (and one frame)",
        column("memory", "resident memory", DEAF),
    ),
    Goal("a server with a long run", 100, "MB", column("memory", "resident memory", LONG_RUN)),
    Goal(
        "a room of ten million points, the whole picture after",
        1,
        "s",
        column("long-room", "first visitor of a fresh server, s"),
    ),
    Goal("5,000 people join at once, the last has the picture", 5, "s", column("joins", "last, s", "5,000")),
    Goal(
        "3,000 viewers after a server kill, all have everything",
        10,
        "s",
        column("comebacks", "all have everything after, s", "3,000"),
    ),
    Goal("silent gaps of those who came back", 0, "in all", column("comebacks", "silent gaps")),
    Goal("a call while the store is silent, the longest", 2.5, "s", column("sick-store", "longest, s")),
)


def goals(document: str) -> Table:
    """Return the table of all goals, by the figures that stand in the document."""
    made = Table(NAME, ("quantity", "goal", "measured", "verdict"))
    made.rows += [goal.row(document) for goal in GOALS]
    return made
