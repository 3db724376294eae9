"""A table of results, and the place in docs/performance.md where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


@dataclass(slots=True)
class Table:
    """``name`` is its marker in the document; the first ``words`` columns are text; ``note`` stands below."""

    name: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    note: str = ""
    words: int = 1

    def add(self, *cells: str) -> None:
        """Append a row, and show it: a run takes minutes."""
        self.rows.append(cells)
        print(f"{self.name}:", *cells, sep="  ", flush=True)

    def markdown(self) -> str:
        lines = [
            "| " + " | ".join(self.head) + " |",
            "|---" * self.words + "|---:" * (len(self.head) - self.words) + "|",
        ]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines)


def put(document: str, tables: Sequence[Table]) -> str:
    """Return the document with each table between its markers; a table without markers is an error."""
    for table in tables:
        before, _, after = _around(document, table.name)
        document = before + table.markdown() + "\n" + after
    return document


def rows_of(document: str, name: str) -> list[dict[str, str]]:
    """Return the rows of a table that stands in the document, by the heads of its columns.

    Two columns of one head: the last is returned. Nothing for a table that was never written.
    """
    _, between, _ = _around(document, name)
    lines = [line for line in between.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def _around(document: str, name: str) -> tuple[str, str, str]:
    """Return what stands before, between and after the markers of a table; both markers belong outside."""
    begin, end = f"<!-- bench:{name} -->\n", f"<!-- /bench:{name} -->"
    if document.count(begin) != 1 or document.count(end) != 1:
        raise ValueError(f"the document must have the markers {begin.strip()} and {end} once each")
    before, _, rest = document.partition(begin)
    between, _, after = rest.partition(end)
    return before + begin, between, end + after
