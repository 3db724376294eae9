"""Texts among the logged values: the first of a name goes into the config, later ones become notes."""

from __future__ import annotations

import time
from typing import Dict, List, Tuple

from spectator.client.opening import Opener
from spectator.client.outbox import Outbox
from spectator.client.pending import NOTE

QUIET = 1.0  # seconds between two notes of one name; of what changes faster, the last is told
MOST_NAMES = 100
LONGEST = 500  # characters of a text that goes into the config


class Words:
    """What was said under each name, and what is held back because it changes too fast."""

    def __init__(self) -> None:
        self.config: Dict[str, str] = {}  # the first text of each name
        self._last: Dict[str, Tuple[str, float]] = {}  # the last one told, and when
        self._held: Dict[str, str] = {}

    def take(self, words: Dict[str, str], now: float) -> bool:
        """Take in texts by name at ``now`` (monotonic seconds); return whether `config` has grown."""
        grown = False
        for name, said in words.items():
            if name not in self._last:
                if len(self._last) < MOST_NAMES:
                    self.config[name] = said[:LONGEST]
                    self._last[name] = (said, now)
                    grown = True
                continue
            if said == self._last[name][0]:
                self._held.pop(name, None)
            else:
                self._held[name] = said
        return grown

    def notes(self, now: float, *, at_once: bool = False) -> List[Tuple[str, str]]:
        """Return the names and texts that are due as notes; with ``at_once`` all that are held."""
        due = [name for name in self._held if at_once or now - self._last[name][1] >= QUIET]
        told = []
        for name in due:
            said = self._held.pop(name)
            self._last[name] = (said, now)
            told.append((name, said))
        return told


class WordsTeller:
    """Brings logged texts to where they belong."""

    def __init__(self, opener: Opener) -> None:
        """Keep the config of ``opener`` up to date, should the room have to be opened anew."""
        self._opener = opener
        self._words = Words()

    def tell(self, words: Dict[str, str], outbox: Outbox) -> None:
        """Take in texts by name."""
        now = time.monotonic()
        if self._words.take(words, now):
            opened = outbox.opened
            kept = (opened.room.get("config") if opened else None) or {}
            config = {**kept, **self._opener.fields.get("config", {}), **self._words.config}
            self._opener.fields["config"] = config
            outbox.change({"config": config})
        self._add_notes(outbox, self._words.notes(now))

    def tell_rest(self, outbox: Outbox) -> None:
        """Tell what was held back because it changed too fast."""
        self._add_notes(outbox, self._words.notes(time.monotonic(), at_once=True))

    def _add_notes(self, outbox: Outbox, notes: List[Tuple[str, str]]) -> None:
        for name, said in notes:
            message = f"{name}: {said}"
            fields = {"type": "log", "level": "info", "message": message, "metadata": {"name": name}}
            outbox.add(NOTE, fields, 3 + len(message) // 100)
