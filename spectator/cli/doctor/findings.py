"""What the doctor says: a finding, what it means, what to do; as text for 80 columns and as JSON."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from spectator.cli.output import printable

OK, NOTE, WARNING, PROBLEM = "ok", "note", "warning", "problem"

WIDTH = 80
MARGIN = 9  # columns of the level before each finding


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: its stable name, for programs: ``python``, ``store.eviction``.
        level: ok; note (good to know); warning (works, and will not always); problem (does not work).
        found: what there is, in one sentence.
        means: what follows from it.
        do: what to do about it.
        figures: what was measured, by name, for programs.
    """

    check: str
    level: str
    found: str
    means: str = ""
    do: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> Dict[str, Any]:
        """The finding as programs get it; what it has not is left out."""
        told = {
            "check": self.check,
            "level": self.level,
            "found": self.found,
            "means": self.means,
            "do": self.do,
            "figures": dict(self.figures),
        }
        return {name: value for name, value in told.items() if value}

    def as_text(self) -> str:
        """The finding as people get it: the level before it, everything after it indented below it."""
        lines = wrapped(f"{self.level:<{MARGIN - 1}} ", self.found)
        if self.level in {WARNING, PROBLEM} and self.means:
            lines += wrapped(" " * MARGIN, self.means)
        if self.do:
            lines += wrapped(" " * MARGIN + "-> ", self.do)
        return "\n".join(lines)


def wrapped(head: str, text: str) -> List[str]:
    """Lines of at most ``WIDTH`` columns: the first begins with ``head``, the others below its text."""
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_on_hyphens=False,
        break_long_words=False,
    ) or [head.rstrip()]


def count(findings: Sequence[Finding]) -> Tuple[int, int]:
    """How many problems and how many warnings there are."""
    levels = [finding.level for finding in findings]
    return levels.count(PROBLEM), levels.count(WARNING)


def verdict(findings: Sequence[Finding]) -> str:
    """The last line."""
    problems, warnings = count(findings)
    if not problems and not warnings:
        return "All is well."
    told = [_many(problems, "problem")] if problems else []
    told += [_many(warnings, "warning")] if warnings else []
    return " and ".join(told) + ("." if problems else ": it works; read on above what to mend.")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
