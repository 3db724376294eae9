"""The code blocks of the documents, each of which is run by a test."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, its language, its text, and the ``text`` block that follows it."""

    place: str
    language: str
    text: str
    printed: str | None

    def __str__(self) -> str:
        return self.place


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), ROOT / ".github" / "CONTRIBUTING.md"]


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of all documents in these languages, in order."""
    return [block for path in documents() for block in _of(path) if block.language in languages]


def _of(path: Path) -> list[Block]:
    text = path.read_text()
    found = list(FENCE.finditer(text))
    made = []
    for position, one in enumerate(found, 1):
        after = found[position] if position < len(found) else None
        place = f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, one.start()) + 1}"
        printed = after["text"] if after is not None and after["language"] == "text" else None
        made.append(Block(place, one["language"], one["text"], printed))
    return made
