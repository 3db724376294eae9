"""A run: what this process does in a room, from ``training_started`` to its end."""

from __future__ import annotations

import time
from typing import Callable, Dict, Optional

from spectator.client.delivery import Fields, Hooks, Opened
from spectator.client.logged import measure
from spectator.client.opening import Opener
from spectator.client.outbox import Outbox
from spectator.client.pending import LIFE, NOTE, Entry
from spectator.client.stderr import Speaker
from spectator.client.terms import Terms
from spectator.client.words import Words


class Run:
    """Owns the outbox of a room: begins the run in it, says where it can be watched, ends it."""

    def __init__(self, terms: Terms, opener: Opener, speaker: Speaker) -> None:
        """Begin to open the room, in the outbox's thread."""
        self.watching = 0
        self._terms = terms
        self._opener = opener
        self._speaker = speaker
        self._begun_at = time.time()
        self._ended = False
        self._words = Words()
        self._told = ""  # the room whose link was printed
        self._ring: Callable[[], None] = lambda: None
        hooks = Hooks(opener.open, self._on_opened, self._begin, self._on_answer)
        self.outbox = Outbox(hooks, speaker, patience=terms.wait)
        self.outbox.start()

    @property
    def opened(self) -> Optional[Opened]:
        """The room, once it is open."""
        return self.outbox.opened

    def add(self, kind: int, fields: Fields) -> None:
        """Queue an event that is not on the quick way of `log`."""
        self.outbox.add(kind, fields, measure(fields))

    def add_words(self, words: Dict[str, str]) -> None:
        """Put texts that were logged where they belong: the config, or notes when they change."""
        now = time.monotonic()
        if self._words.take(words, now):
            self._change_config()
        self._add_notes(now)

    def change(self, fields: Fields) -> None:
        """Remember a change, should the room have to be opened anew."""
        self._opener.fields.update(fields)

    def attend(self, ring: Callable[[], None]) -> None:
        """Have ``ring`` called, from now on within a second, while somebody asks to come in."""
        self._ring = ring
        self.outbox.attend()

    def wait_opened(self) -> None:
        """Wait as long as the terms allow for the room to be open."""
        if not self.outbox.wait_opened(self._terms.wait):
            self._speaker.complain(
                "unreachable",
                f"no server answers after {self._terms.wait:g} s; training goes on, events are kept",
            )

    def end_run(self, error: Optional[str]) -> None:
        """Queue the end of the run, failed if ``error`` (an exception's name) is given; do not wait."""
        if self._ended:
            return
        self._ended = True
        self._add_notes(time.monotonic(), at_once=True)
        if not self.outbox.child:  # a forked child's end is not the run's
            name = "training_failed" if error else "training_finished"
            self.add(
                LIFE, {"type": "training_event", "event": name, "data": {"error": error} if error else {}}
            )
        self.outbox.close()

    def wait_sent(self, seconds: float) -> None:
        """After `end_run`: wait until everything is sent; say what could not be."""
        if not self.outbox.wait_sent(seconds) and not self.outbox.over:
            self._speaker.complain("unsent", f"{self.outbox.unsent} events could not be sent")

    def in_child(self) -> None:
        """After a fork, in the child: forget what is the parent's."""
        self.outbox.in_child()

    # -- what the outbox's thread asks and tells

    def _begin(self) -> Entry:
        data = {"name": self._terms.name, "config": self._opener.fields.get("config", {})}
        fields = {"type": "training_event", "event": "training_started", "data": data}
        return Entry(LIFE, self._begun_at, fields, measure(fields))

    def _on_opened(self, opened: Opened) -> None:
        if self._words.config:
            self._change_config()
        if opened.id == self._told:
            return
        self._told = opened.id
        name, code = opened.room.get("name"), opened.room["code"]
        if name not in {None, self._terms.name}:
            self._speaker.say(f"a live run is in the room {self._terms.name!r}: this one is {name!r}")
        made = self._opener.fields.get("password_protected") and opened.password
        password = f" · password: {opened.password}" if made else ""
        self._speaker.say(
            f"watch at {opened.join_url} (code {code}){password} · owner: spectator open {code}"
        )

    def _on_answer(self, answer: Fields) -> None:
        watching = answer.get("watching")
        if isinstance(watching, int):
            self.watching = watching
        if answer.get("requests"):
            self._ring()

    # -- texts

    def _change_config(self) -> None:
        opened = self.opened
        kept = opened.room.get("config") if opened else None
        config = {**(kept or {}), **self._opener.fields.get("config", {}), **self._words.config}
        self._opener.fields["config"] = config
        if opened:
            self.outbox.change({"config": config})

    def _add_notes(self, now: float, *, at_once: bool = False) -> None:
        for name, said in self._words.notes(now, at_once=at_once):
            message = f"{name}: {said}"
            self.add(NOTE, {"type": "log", "level": "info", "message": message, "metadata": {"name": name}})
