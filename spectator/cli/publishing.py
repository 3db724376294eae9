"""``spectator publish``: lines of stdin become events of a room, as they come."""

from __future__ import annotations

import argparse
import json
import queue
import sys
import threading
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional, TextIO
from urllib.parse import quote

from spectator.cli.exits import Exit
from spectator.cli.finding import place
from spectator.cli.output import Output
from spectator.client.address import Address
from spectator.client.api import BASE, TIMEOUT, authorization, decode
from spectator.client.batches import Numbering
from spectator.client.errors import Refused, Unreachable
from spectator.client.stderr import Speaker
from spectator.client.transport import Transport

LONGEST_BATCH = 500  # lines; the server takes 1,000
QUEUED = 10_000  # lines read ahead while the server is slow; beyond, stdin waits
HEARTBEAT_S = 5.0
RETRY_S = 1.0
GIVE_UP_S = 60.0
COMING_BACK = frozenset({"busy", "store_unavailable", "store_full", "too_many_attempts", "quota_exceeded"})


def publish(arguments: argparse.Namespace, out: Output) -> int:
    """Publish until stdin ends; 1 when a line was not taken."""
    publisher = Publisher(*place(arguments), arguments.room)
    refused = 0
    lines = _read(sys.stdin)
    first = 1
    for batch in batches(lines):
        events = []
        for number, text in enumerate(batch, first):
            event = parse(text)
            if event is not None:
                events.append((number, event))
            elif text.strip():
                refused += 1
                out.error("invalid_request", f"line {number} is neither JSON nor name=value")
        first += len(batch)
        refused += _send(publisher, events, out)
    events_told = "1 event" if publisher.accepted == 1 else f"{publisher.accepted} events"
    out.result({"published": publisher.accepted, "refused": refused}, f"Published {events_told}.")
    return Exit.FAILED if refused else Exit.DONE


def _send(publisher: Publisher, events: List[Any], out: Output) -> int:
    answer = publisher.send([event for _, event in events])
    for one in answer.get("rejected", []):
        number = events[one["line"] - 1][0]
        out.error("invalid_request", f"line {number} was refused by the server: {one['code']}")
    return len(answer.get("rejected", []))


def parse(text: str) -> Optional[Dict[str, Any]]:
    """Return the event that a line stands for, None where it stands for none.

    A JSON object with a ``type`` is an event; another is metrics, and so are words ``name=value``.
    """
    text = text.strip()
    if text.startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            return None
        return value if "type" in value else {"type": "training_metrics", "data": value}
    data: Dict[str, Any] = {}
    for word in text.split():
        name, equals, told = word.partition("=")
        if not (name and equals and told):
            return None
        data[name] = _value(told)
    return {"type": "training_metrics", "data": data} if data else None


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


class Publisher:
    """Sends batches in order. One that may have arrived is repeated with its number: that is harmless."""

    def __init__(self, address: Address, bearer: Optional[str], room: str) -> None:
        self.accepted = 0
        self._address = address
        self._bearer = bearer
        self._path = f"{BASE}/rooms/{quote(room, safe='')}/events"
        self._numbering = Numbering()
        self._transport = Transport(address)
        self._speaker = Speaker()

    def send(self, events: List[Mapping[str, Any]]) -> Dict[str, Any]:
        """Send events (none: the heartbeat) and return the server's answer.

        Raises:
            Refused: the server says no, and will not say otherwise later.
            Unreachable: it has not answered for a minute.
        """
        headers = {"Content-Type": "application/x-ndjson", **authorization(self._bearer)}
        if events:
            producer, sequence = self._numbering.next()
            headers.update({"Spectator-Producer": producer, "Spectator-Sequence": str(sequence)})
        body = "".join(json.dumps(event) + "\n" for event in events).encode()
        answer = self._until_taken(headers, body)
        self.accepted += int(answer.get("accepted", 0))
        return answer

    def _until_taken(self, headers: Mapping[str, str], body: bytes) -> Dict[str, Any]:
        end = time.monotonic() + GIVE_UP_S
        while True:
            try:
                got = self._transport.exchange("POST", self._path, headers, body, TIMEOUT)
                answer: Dict[str, Any] = decode(got, self._address)
            except Refused as refused:
                if refused.code not in COMING_BACK or time.monotonic() > end:
                    raise
                # Not silently: whoever looks at an empty chart must know where the lines are.
                self._speaker.complain(refused.quota or refused.code, f"{refused.message} Waiting.")
                time.sleep(refused.retry_after or RETRY_S)
            except Unreachable:
                if time.monotonic() > end:
                    raise
                time.sleep(RETRY_S)
            else:
                return answer


def batches(lines: queue.Queue[Optional[str]]) -> Iterator[List[str]]:
    """Yield what has come in, in order, up to the None at its end; an empty list after a silence."""
    while True:
        try:
            taken = [lines.get(timeout=HEARTBEAT_S)]
        except queue.Empty:
            yield []
            continue
        while taken[-1] is not None and len(taken) < LONGEST_BATCH and not lines.empty():
            taken.append(lines.get())
        batch = [line for line in taken if line is not None]
        if batch:
            yield batch
        if taken[-1] is None:
            return


def _read(stream: TextIO) -> queue.Queue[Optional[str]]:
    """Read a stream in a thread: what is there can be sent while the next line is being written."""
    lines: queue.Queue[Optional[str]] = queue.Queue(QUEUED)

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, name="spectator-stdin", daemon=True).start()
    return lines
