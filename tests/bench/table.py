"""A table of results, and the place in docs/performance.md where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


@dataclass(slots=True)
class Table:
    """``name`` is its marker in the document; ``note`` says below it when, where and how it was measured."""

    name: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    note: str = ""

    def add(self, *cells: str) -> None:
        """Append a row, and show it: a run takes minutes."""
        self.rows.append(cells)
        print(f"{self.name}:", *cells, sep="  ", flush=True)

    def markdown(self) -> str:
        lines = ["| " + " | ".join(self.head) + " |", "|---" + "|---:" * (len(self.head) - 1) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines)


def put(document: str, tables: Sequence[Table]) -> str:
    """Return the document with each table between its markers; a table without markers is an error."""
    for table in tables:
        begin, end = f"<!-- bench:{table.name} -->\n", f"<!-- /bench:{table.name} -->"
        if document.count(begin) != 1 or document.count(end) != 1:
            raise ValueError(f"the document must have the markers {begin.strip()} and {end} once each")
        before, _, rest = document.partition(begin)
        document = before + begin + table.markdown() + "\n" + end + rest.partition(end)[2]
    return document
