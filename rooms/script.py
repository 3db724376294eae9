"""A Lua script by its text and the SHA-1 under which the store keeps it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib import resources


@dataclass(frozen=True, slots=True)
class Script:
    """One operation on the store: a name for messages, and the text that is run.

    ``shared``: it only reads, so callers that ask the same of it in the same moment share one answer.
    """

    name: str
    text: str
    shared: bool = False

    sha: str = field(init=False)

    def __post_init__(self) -> None:
        """Work out what EVALSHA calls it, once: it is sent with every call."""
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)

    @classmethod
    def load(cls, package: str, filename: str, *, shared: bool = False) -> Script:
        """Read a file beside the modules of ``package``: ``Script.load("rooms.store", "admit.lua")``."""
        text = resources.files(package).joinpath(filename).read_text(encoding="utf-8")
        return cls(filename.removesuffix(".lua"), text, shared)
