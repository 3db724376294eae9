"""Server-Sent Events, as far as we send them: ``id`` and ``data`` lines, comments, empty lines."""

from __future__ import annotations

from typing import Iterable, Iterator, List, NamedTuple, Optional


class Message(NamedTuple):
    """One message of a stream; ``id`` is the last one told, None before the first."""

    id: Optional[str]
    data: str


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """Yield the messages in the lines of a stream; one that is cut off at the end is left out."""
    last_id: Optional[str] = None
    data: List[str] = []
    for raw in lines:
        line = raw.decode("utf-8", "replace")
        if not line:
            if data:
                yield Message(last_id, "\n".join(data))
            data = []
            continue
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            data.append(value)
        elif field == "id":
            last_id = value
