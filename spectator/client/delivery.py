"""What the outbox's thread does, step by step: open the room, change it, send a batch, give a sign of life.

A batch that was not answered is sent again, the very same bytes under the same number, until it is answered:
the server takes each number once. What answers decides what comes next:

200                     taken; the next batch
429, 503, no answer     the same again, later (Retry-After, else twice as late each time, with jitter)
429 quota_exceeded      the same again after Retry-After; in parts, where it is more than the quota allows
409 sequence_gap        the server lost what it had acknowledged: the same body, as a new producer
409 claim_lost          silent for so long that another script has the room: open one of its own
413                     half as many lines, twice
401, 403, 404           somebody replaced the room's key: go on with another; no room: open it anew
410                     the room has ended: stop (after an expiry: open it anew, where that is wanted)
other                   the batch cannot be taken as it is: give it up, counted
"""

from __future__ import annotations

import math
import random
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

from spectator.client.api import BASE, JSON, authorization, decode
from spectator.client.batches import CELLS, LINES, Batch, Numbering, numbered, pack
from spectator.client.errors import NoServer, Refused, SpectatorError, Unreachable, as_clause
from spectator.client.opened import Fields, Opened
from spectator.client.pending import Entry, Pending
from spectator.client.stderr import Speaker
from spectator.client.transport import Transport

# Seconds between two batches while somebody watches: it joins what is logged meanwhile. A little longer than
# the server's beat (33 ms), so that each batch finds the beat idle and leaves at once: two waits do not add
# up, and viewers get 24 writes a second in place of 30.
PACE = 0.042
UNWATCHED_PACE = 0.5  # the same while nobody does: fewer wake-ups cost the training less
HEARTBEAT = 5.0  # seconds without a batch after which an empty one is sent
ATTENTIVE_HEARTBEAT = 1.0  # while somebody wants to hear of join requests at once
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0  # seconds between attempts
LOOK_AGAIN = 3.0  # seconds between looks for a server where there was none
TIMEOUT = 10.0  # seconds without an answer to a batch


@dataclass
class Hooks:
    """What the room wants to be asked and told by its delivery; called in the outbox's thread.

    Attributes:
        open: opens the room; raises `SpectatorError`.
        opened: is told of each opening, first or again.
        begin: returns the entry that begins the run; sent first into each new room.
        answered: is told the body of each answer to a batch or a heartbeat.
        reopen_expired: whether an expired room is opened anew.
        renew: returns the same room with a key that is good now; raises `Refused` with status 404 when there
            is no such room any more. Without it a room whose key is refused is opened anew.
    """

    open: Callable[[], Opened]
    opened: Callable[[Opened], None]
    begin: Callable[[], Entry]
    answered: Callable[[Fields], None]
    reopen_expired: bool = True
    renew: Optional[Callable[[Opened], Opened]] = None


class Delivery:
    """Brings what is pending to the server. All methods but `change` and `take` belong to one thread."""

    def __init__(self, pending: Pending, hooks: Hooks, speaker: Speaker, *, patience: float = 0.0) -> None:
        """Send what is in ``pending``; for ``patience`` seconds say nothing of a server that is not there."""
        self.opened: Optional[Opened] = None
        self.over = False  # the room has ended; nothing more can be sent
        self.failed: Optional[SpectatorError] = None  # why the last step failed; None after one that did not
        self.resting = False  # the last step found nothing to do
        self.heartbeat = HEARTBEAT
        self.rekeying = False  # this process replaces the room's key just now: a refused one is no news
        self.non_finite = 0
        self._pending = pending
        self._hooks = hooks
        self._speaker = speaker
        self._numbering = Numbering()
        self._batch: Optional[Batch] = None
        self._changes: Fields = {}
        self._changing = threading.Lock()
        self._patient_until = time.monotonic() + patience
        self._doubt: Optional[Refused] = None  # why the room's key is to be renewed before anything is sent
        self._acted_as: Optional[Opened] = None  # the room and the key last shown to the server
        self._began_in = ""  # the id of the room that was told of the run's begin
        self._pause = FIRST_PAUSE
        self._heard = -math.inf  # when the server last answered, monotonic
        self._alone = 0  # answers in a row that told of nobody who watches
        self._transport: Optional[Transport] = None

    @property
    def unsent(self) -> int:
        """The number of events that the server has not acknowledged."""
        return len(self._pending) + (len(self._batch.entries) if self._batch else 0)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to send."""
        return not self._pending and self._batch is None and not self._changes

    def change(self, fields: Fields) -> None:
        """Change the room as soon as it can be reached; of two values of a field the later counts."""
        with self._changing:
            self._changes = {**self._changes, **fields}

    def take(self, opened: Opened) -> None:
        """Go on in the same room under another key, code or password."""
        if self.opened is not None and self.opened.id == opened.id:
            self.opened = opened

    def step(self) -> float:
        """Do the next thing there is to do and return the seconds until the step after it is due.

        Where there was nothing to do, `resting` is set: the next step is due as soon as something is added.
        """
        self.resting = False
        try:
            pause = self._step()
        except SpectatorError as error:
            self.failed = error
            return self._after(error)
        self.failed = None
        return pause

    def give_up_batch(self) -> None:
        """Drop the batch in hand, counted."""
        batch, self._batch = self._batch, None
        if batch is not None:
            self._pending.lost(len(batch.entries))

    def close(self) -> None:
        """Close the connection; the next step opens another."""
        if self._transport is not None:
            self._transport.close()

    def in_child(self) -> None:
        """Forget what is the parent's after a fork: its batch, its numbers, its connection."""
        self._batch = None
        self._changes = {}
        self._changing = threading.Lock()
        self.rekeying = False
        self._numbering.renew()
        self.heartbeat = math.inf  # whether the run is alive is the parent's to say
        if self._transport is not None:
            self._transport.abandon()

    def _step(self) -> float:
        if self.opened is None:
            self._open(self._hooks.open())
        elif self._doubt is not None:
            self._renew(self.opened, self._doubt)
        opened = self.opened
        assert opened is not None
        if self._changes:
            self._send_changes(opened)
        if self._batch is None:
            self._batch = self._next(opened)
        if self._batch is not None:
            left = time.monotonic()
            self._post(opened, self._batch.body, self._batch.headers)
            self._batch = None
            # Once may be the moment before somebody comes: whoever opens a room is about to share its code.
            pace = UNWATCHED_PACE if self._alone > 1 else PACE
            # From one leaving to the next: the way there and back is part of the pace, not added to it.
            return max(pace - (time.monotonic() - left), pace / 3)
        silent = time.monotonic() - self._heard
        if silent >= self.heartbeat:
            self._post(opened, b"", {"Content-Type": JSON})
            silent = 0.0
        self.resting = True
        return self.heartbeat - silent

    def _open(self, opened: Opened) -> None:
        self.close()
        self._transport = Transport(opened.address)
        self._numbering.renew()
        batch, self._batch = self._batch, None
        if opened.id != self._began_in:
            if batch is not None:
                self._pending.put_back(batch.entries)
            self._batch = pack([self._hooks.begin()], self._numbering, gzip=False)
            self._began_in = opened.id
        elif batch is not None:
            self._batch = self._again(batch)
        self.opened = opened
        self._pause = FIRST_PAUSE
        self._speaker.over("unreachable")
        self._speaker.over("unauthorized")
        self._hooks.opened(opened)

    def _renew(self, opened: Opened, doubt: Refused) -> None:
        assert self._hooks.renew is not None, "nothing is doubted without it"
        renewed = self._hooks.renew(opened)
        self._doubt = None
        self.take(renewed)
        self._speaker.over("unauthorized")
        if doubt.status == 401:
            self._speaker.complain(
                "rekeyed", "somebody replaced the room's key, or gave the room away; going on with a new key"
            )

    def _next(self, opened: Opened) -> Optional[Batch]:
        entries = self._pending.take(LINES, CELLS)
        if not entries:
            return None
        gzip = not opened.address.loopback
        try:
            return pack(entries, self._numbering, gzip=gzip, non_finite=self._count_non_finite)
        except (TypeError, ValueError):  # no plain data: a mistake of ours
            self._pending.lost(len(entries))
            raise

    def _again(self, batch: Batch) -> Batch:
        headers = {name: value for name, value in batch.headers.items() if not name.startswith("Spectator-")}
        return numbered(batch.entries, batch.body, headers, self._numbering)

    def _send_changes(self, opened: Opened) -> None:
        changes = self._changes
        self._acted_as = opened
        try:
            opened.api.change(opened.id, changes)
        except Refused as error:
            if error.status in {401, 429, 503}:
                raise
            self._speaker.complain("change", f"the room was not changed: {error.message}")
        with self._changing:  # what another thread asked for meanwhile stays
            self._changes = {
                k: v for k, v in self._changes.items() if k not in changes or v is not changes[k]
            }

    def _post(self, opened: Opened, body: bytes, headers: Dict[str, str]) -> None:
        assert self._transport is not None
        self._acted_as = opened
        sent = {"Accept": JSON, **authorization(opened.owner_token), **headers}
        if opened.claim is not None:
            sent["Spectator-Claim"] = opened.claim
        path = f"{BASE}/rooms/{opened.id}/events"
        told = decode(self._transport.exchange("POST", path, sent, body, TIMEOUT), opened.address)
        if not isinstance(told, dict):
            raise Unreachable(f"{opened.address.url} answers, but not as a spectator server does")
        self._heard = time.monotonic()
        self._pause = FIRST_PAUSE
        if self._speaker.over("unreachable"):
            self._speaker.say("connected again; what was kept is on its way")
        self._alone = self._alone + 1 if told.get("watching") == 0 else 0
        self._refused_lines(told.get("rejected"))
        self._hooks.answered(told)

    def _refused_lines(self, rejected: Any) -> None:
        if isinstance(rejected, list) and rejected:
            self._pending.lost(len(rejected))
            codes = sorted({str(item.get("code")) for item in rejected if isinstance(item, dict)})
            self._speaker.complain(
                "rejected", f"{len(rejected)} events were not accepted: {', '.join(codes)}"
            )

    def _after(self, error: SpectatorError) -> float:
        """Decide what follows a failure; return the seconds until the next attempt."""
        if isinstance(error, NoServer):
            self._speaker.complain(
                "unreachable", f"{as_clause(error)}; training goes on, nobody can watch yet"
            )
            return LOOK_AGAIN
        if isinstance(error, Refused):
            return self._after_refusal(error)
        if time.monotonic() >= self._patient_until:
            self._speaker.complain(
                "unreachable", f"{as_clause(error)}; training goes on, events are kept and sent later"
            )
        return min(self._later(), LOOK_AGAIN) if self.opened is None else self._later()

    def _after_refusal(self, error: Refused) -> float:
        if error.code == "quota_exceeded":
            return self._after_quota(error)
        if error.status in {429, 503}:
            if error.status == 429 or self._pause > 1.0:
                self._speaker.complain(
                    "unreachable", f"{as_clause(error)}; training goes on, events are kept"
                )
            return self._later(at_least=error.retry_after or 0.0)
        if self.opened is None or (error.status == 401 and self._doubt is not None):
            return self._after_closed_door(error)
        if error.code == "sequence_gap":
            self._numbering.renew()
            self._batch = self._again(self._batch) if self._batch else None
            return 0.0
        if error.status == 413:
            return self._halve()
        if error.status == 410 and not (error.code == "room_expired" and self._hooks.reopen_expired):
            return self._end(error)
        if error.status in {401, 403, 404, 410} or error.code == "claim_lost":
            return self._after_lost_room(error)
        if error.status >= 500:
            self._speaker.complain("unreachable", f"{as_clause(error)}; training goes on, events are kept")
            return self._later()
        self._speaker.complain("rejected", f"events were not accepted: {error.message}")
        self.give_up_batch()
        return PACE

    def _after_closed_door(self, error: Refused) -> float:
        """The room cannot be opened, or the API key is no good any more."""
        what = "the room cannot be opened" if self.opened is None else "nothing more can be sent"
        said = f"{what}: {as_clause(error)}; training goes on"
        if error.status == 401:
            # Once: nobody can mend it from here, and a training may last for days.
            self._speaker.complain("unauthorized", said, again=math.inf)
        else:
            self._speaker.complain("refused", said)
        return LONGEST_PAUSE

    def _after_lost_room(self, error: Refused) -> float:
        """The key is refused, there is no room, or another script has it: renew the key, then the room."""
        if self.rekeying or self._acted_as is not self.opened:
            return FIRST_PAUSE  # another key is on its way, or here already
        if error.status in {401, 403, 404} and self._hooks.renew is not None and self._doubt is None:
            if error.status == 403:  # not the key is wrong, but what it may do: a suspended tenant
                self._speaker.complain("refused", f"{as_clause(error)}; training goes on, events are kept")
            self._doubt = error
            return self._later()
        self._doubt = None
        self._speaker.complain("reopen", f"{as_clause(error)}; opening the room anew")
        self.opened = None
        return self._later()

    def _after_quota(self, error: Refused) -> float:
        """Wait as long as the server says; what does not fit meanwhile is thinned out by class, counted."""
        which = f"the quota {error.quota}" if error.quota else "a quota of the tenant"
        allowed = f" ({error.limit:.12g})" if error.limit is not None else ""
        self._speaker.complain(
            f"quota {error.quota}",
            f"{which}{allowed} is used up; training goes on, and what does not fit is thinned out "
            f"({self._pending.dropped} events so far)",
        )
        batch = self._batch
        if batch is not None and error.limit is not None and len(batch.entries) > 1:
            size = {"events_per_second": len(batch.entries), "bytes_per_second": len(batch.body)}
            if size.get(str(error.quota), 0) > error.limit:
                self._halve()  # it would never fit
        return (error.retry_after or FIRST_PAUSE) * random.uniform(1.0, 1.25)

    def _halve(self) -> float:
        """Cut the batch in hand in two; a single event that is too large is given up."""
        batch = self._batch
        if batch is None or len(batch.entries) < 2:
            self._speaker.complain("rejected", "an event was too large to be accepted and is left out")
            self.give_up_batch()
            return PACE
        half = len(batch.entries) // 2
        entries: List[Entry] = list(batch.entries)
        self._pending.put_back(entries[half:])
        self._numbering.renew()  # the refused number was not used up, and its bytes change
        gzip = "Content-Encoding" in batch.headers
        self._batch = pack(entries[:half], self._numbering, gzip=gzip)
        return 0.0

    def _end(self, error: Refused) -> float:
        self.over = True
        self.give_up_batch()
        self._speaker.say(f"{as_clause(error)}; nothing more is sent, training goes on")
        return math.inf

    def _later(self, at_least: float = 0.0) -> float:
        """Return the next pause: twice as long each time, with jitter, as many clients may wait."""
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return max(at_least, pause) * random.uniform(0.75, 1.25)

    def _count_non_finite(self) -> None:
        self.non_finite += 1
