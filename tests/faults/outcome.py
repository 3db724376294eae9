"""What came of a fault, and the table of several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.faults.history import Verdict

HEAD = (
    "fault", "sent", "acked", "stored", "delivered", "lost", "duplicated", "out of order", "declared gaps",
    "silent gaps", "longest API call", "back after",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """One fault, once.

    ``delivered`` of the verdict sums over all viewers. ``longest_call_s``: of all calls of the API that were
    answered while it lasted. ``recovery_s``: from the end of the fault until every viewer has been shown
    something that was logged after it; None where that means nothing. ``note``: what else was counted.
    """

    fault: str
    verdict: Verdict
    longest_call_s: float
    recovery_s: float | None = None
    note: str = ""

    @property
    def row(self) -> tuple[str, ...]:
        v = self.verdict
        counts = (v.sent, v.acked, v.stored, v.delivered, v.lost, v.duplicated, v.out_of_order)
        back = "" if self.recovery_s is None else f"{self.recovery_s:.1f} s"
        return (
            self.fault,
            *(f"{count:,}" for count in (*counts, v.declared_gaps, v.silent_gaps)),
            f"{self.longest_call_s:.2f} s",
            back,
        )

    @property
    def brief(self) -> str:
        """The counts that matter in one cell."""
        v = self.verdict
        told = [f"{v.sent:,} sent, {v.acked:,} acknowledged, {v.lost:,} lost, {v.silent_gaps} silent gaps"]
        if v.declared_gaps:
            told.append(f"{v.declared_gaps:,} declared")
        if v.epochs > 1:
            told.append(f"epoch raised {v.epochs - 1} times" if v.epochs > 2 else "epoch raised once")
        if self.longest_call_s:
            told.append(f"longest call {self.longest_call_s:.2f} s")
        if self.recovery_s is not None:
            told.append(f"back after {self.recovery_s:.1f} s")
        return "; ".join([", ".join(told), *([self.note] if self.note else [])])


def table(outcomes: Iterable[Outcome]) -> str:
    """Markdown: a row a fault."""
    rows = [HEAD, ("---", *("---:" for _ in HEAD[1:])), *(outcome.row for outcome in outcomes)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
