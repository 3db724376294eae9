from __future__ import annotations

from typing import List

import pytest

from spectator.client.sse import Message, messages


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([b"id: c1", b"data: {}", b""], [Message("c1", "{}")]),
        ([b"data: one", b"data:two", b""], [Message(None, "one\ntwo")]),
        ([b"id: c1", b"data: a", b"", b"data: b", b""], [Message("c1", "a"), Message("c1", "b")]),
        ([b": a comment", b"", b"event: x", b"", b"data: a", b""], [Message(None, "a")]),
        ([b"data: cut off"], []),
        ([b"data: \xc3\xa4", b""], [Message(None, "\u00e4")]),
    ],
)
def test_messages(lines: List[bytes], found: List[Message]) -> None:
    assert list(messages(lines)) == found
