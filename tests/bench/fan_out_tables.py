"""The tables of the fan-out: CPU and latency by number of viewers, the goal, memory, what measures it."""

from collections import Counter
from collections.abc import Callable, Sequence

from tests.bench.candidates import LIMIT, LIMIT_BEAT, V1, Candidate, version
from tests.bench.figures import middle, milliseconds, written
from tests.bench.sample import Sample
from tests.bench.table import Table

VIEWERS, RATES = (100, 1_000, 5_000), (1.0, 20.0, 100.0, 1_000.0)
GOAL = (1_000, 100.0)
NOT_TRIED = "—"


def names() -> tuple[str, ...]:
    """Return the names of all tables that tables() makes."""
    by_viewers = (f"fan-out-{viewers}-{what}" for viewers in VIEWERS for what in ("cpu", "latency"))
    return ("fan-out-goal", *by_viewers, "fan-out-memory", "fan-out-load", "fan-out-peers")


def tables(samples: Sequence[Sample], servers: Sequence[Candidate]) -> list[Table]:
    """Return the tables in the order of names(); what was not measured has no row."""
    made = [goal(samples, servers)]
    for viewers in VIEWERS:
        there = [one for one in samples if one.viewers == viewers]
        made += [by_rate(f"fan-out-{viewers}-cpu", there, servers, cpu)]
        made += [by_rate(f"fan-out-{viewers}-latency", there, servers, latency)]
    return [*made, memory(samples, servers), load(samples), peers(samples, servers)]


def of(candidate: Candidate, samples: Sequence[Sample]) -> list[Sample]:
    return [one for one in samples if one.candidate == candidate]


def by_rate(
    name: str, samples: Sequence[Sample], servers: Sequence[Candidate], cell: Callable[[list[Sample]], str]
) -> Table:
    """Return one row a server and one column a rate."""
    made = Table(name, ("server", "form", *(f"{rate:,.0f}/s" for rate in RATES)), words=2)
    for candidate in servers:
        taken = of(candidate, samples)
        if taken:
            cells = (cell([one for one in taken if one.rate == rate]) for rate in RATES)
            made.add(candidate.name, candidate.form, *cells)
    return made


def cpu(taken: list[Sample]) -> str:
    """CPU a delivered event in us; behind it the share that came in time, where that was not all."""
    if not taken:
        return NOT_TRIED
    return written(middle(one.cpu for one in taken) * 1e6) + share(taken)


def latency(taken: list[Sample]) -> str:
    """The quantiles p50, p95 and p99 in ms; where the server did not keep up only the share that came."""
    if not taken:
        return NOT_TRIED
    if share(taken):
        return share(taken).strip()
    quantiles = ([one.p50 for one in taken], [one.p95 for one in taken], [one.p99 for one in taken])
    return " / ".join(milliseconds(middle(values)) for values in quantiles)


def share(taken: list[Sample]) -> str:
    """Return what is said of a setting in which not everything came in time; empty where it did."""
    late = [one for one in taken if not one.kept_up]
    if 2 * len(late) <= len(taken):
        return ""
    limits = {one.limit for one in late} - {"server"}
    who = "".join(f", {limit} full" for limit in sorted(limits))
    return f" ({middle(one.in_time for one in late):.0%}{who})"


HEAD = (
    "server", "form", "CPU a delivered event, us", "with store, us", "x C", "x C with a beat", "p50, ms",
    "p95, ms", "p99, ms", "in time", "bytes an event", "server's core", "load's core",
)  # fmt: skip


def goal(samples: Sequence[Sample], servers: Sequence[Candidate]) -> Table:
    """Return the setting that has a goal, with everything that was measured: medians of the rounds."""
    made = Table("fan-out-goal", HEAD, words=2)
    there = [one for one in samples if one.setting == GOAL]
    least, least_beat = (middle(one.cpu for one in of(limit, there)) for limit in (LIMIT, LIMIT_BEAT))
    for candidate in servers:
        taken = of(candidate, there)
        if not taken:
            continue
        used = middle(one.cpu for one in taken)
        made.add(
            candidate.name,
            candidate.form,
            written(used * 1e6),
            written(middle(one.cpu_all for one in taken) * 1e6),
            written(used / least, 2),
            written(used / least_beat, 2),
            *(
                NOT_TRIED if share(taken) else milliseconds(middle(values))
                for values in (
                    [one.p50 for one in taken],
                    [one.p95 for one in taken],
                    [one.p99 for one in taken],
                )
            ),
            f"{middle(one.in_time for one in taken):.0%}",
            written(middle(one.size for one in taken)),
            f"{middle(one.server_core for one in taken):.0%}",
            f"{middle(one.load_core for one in taken):.0%}",
        )
    made.note = (
        f"Over all settings, messages lost, twice or out of order without being declared: {wrong(samples)}."
    )
    return made


def wrong(samples: Sequence[Sample]) -> str:
    """Return how many messages came wrongly, and from whom."""
    found = Counter[str]()
    for one in samples:
        found[str(one.candidate)] += one.misordered
    return ", ".join(f"{count:,} from {name}" for name, count in found.items() if count) or "none"


def memory(samples: Sequence[Sample], servers: Sequence[Candidate]) -> Table:
    """Return what a viewer adds to the server: connected and silent, and after events."""
    columns = [(viewers, what) for viewers in VIEWERS for what in ("idle", "after events")]
    made = Table(
        "fan-out-memory", ("server", "form", *(f"{count:,} {what}, KB" for count, what in columns)), words=2
    )
    for candidate in servers:
        cells = []
        for viewers, what in columns:
            taken = [one for one in of(candidate, samples) if one.viewers == viewers and one.rate == RATES[0]]
            found = middle(one.idle if what == "idle" else one.busy for one in taken)
            cells.append(written(found / 1024) if taken else NOT_TRIED)
        if of(candidate, samples):
            made.add(candidate.name, candidate.form, *cells)
    return made


def load(samples: Sequence[Sample]) -> Table:
    """Return how much the load generator takes, by what the C program and ours gave it."""
    head = (
        "server", "viewers", "events/s", "deliveries/s", "messages/s", "in time", "server's core",
        "load's core",
    )  # fmt: skip
    made = Table("fan-out-load", head)
    for candidate in (LIMIT, LIMIT_BEAT, V1):
        for one in of(candidate, samples):
            if one.rate < RATES[-2] or one.viewers < VIEWERS[-2]:
                continue
            seconds = one.told["seconds"]
            made.add(
                candidate.name,
                f"{one.viewers:,}",
                f"{one.rate:,.0f}",
                f"{one.told['events'] / seconds:,.0f}",
                f"{one.told['messages'] / seconds:,.0f}",
                f"{one.in_time:.0%}",
                f"{one.server_core:.0%}",
                f"{one.load_core:.0%}",
            )
    return made


def peers(samples: Sequence[Sample], servers: Sequence[Candidate]) -> Table:
    """Return which versions were measured."""
    made = Table("fan-out-peers", ("server", "what it is"), words=2)
    for name, one in {candidate.name: candidate for candidate in servers}.items():
        if any(sample.candidate.name == name for sample in samples):
            made.add(name, version(one))
    return made
