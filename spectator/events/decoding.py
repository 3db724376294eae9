"""From the body of a POST to events that are ready bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

import msgspec
from msgspec import UNSET

from spectator.events.kinds import CLASS_OF, LIFE, EventClass, RunStatus, of_source, run_name, samples
from spectator.events.limits import LIMITS, Limits
from spectator.events.shapes import KIND_OF, PLAIN_EVENT
from spectator.events.walk import Refused, Walked

_SAMPLED: Final = frozenset(kind for kind, held in CLASS_OF.items() if held is EventClass.SAMPLE)

_plain = msgspec.json.Decoder(PLAIN_EVENT)
_elements = msgspec.json.Decoder(list[msgspec.Raw])
parse: Final = msgspec.json.Decoder(dict[str, Any]).decode
"""Return a stored event as a dict."""


class BodyRefused(ValueError):
    """The body as a whole cannot be taken; nothing of it was.

    ``code`` is ``invalid_request`` or ``payload_too_large``.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Refusal(NamedTuple):
    """A line that was left out: its number in the body (from 1) and why."""

    line: int
    code: str


class RunChange(NamedTuple):
    """What a batch does to the run: the status after it, and which event (from 0) began the latest run.

    ``name`` is the id the publisher gave that run, or '' where it gave none.
    """

    status: RunStatus
    started: int | None = None
    name: str = ""


@dataclass(slots=True)
class Decoded:
    """The accepted events of one POST, in order, and what was left out.

    ``events`` are JSON objects on one line each, without ``seq``, always with a ``timestamp``; ``kinds``
    their types; ``lines`` their numbers in the body; ``samples`` the measured values by name, of each event
    that has some, with its index; ``life`` the index, the status and the name of the run of each event that
    begins or ends one.
    """

    events: list[bytes] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    samples: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    life: list[tuple[int, RunStatus, str]] = field(default_factory=list)
    rejected: list[Refusal] = field(default_factory=list)
    non_finite: int = 0
    """Numbers that were NaN or infinite and became null."""

    @property
    def run(self) -> RunChange | None:
        """What the batch does to the run, or None where it does nothing."""
        if not self.life:
            return None
        status = self.life[-1][1]
        started = [(index, name) for index, status, name in self.life if status == "active"]
        return RunChange(status, *started[-1]) if started else RunChange(status)

    def without(self, refused: Mapping[int, str]) -> Decoded:
        """Return the same batch without the events at these indices, listed under the given codes."""
        kept = [index for index in range(len(self.events)) if index not in refused]
        place = {index: new for new, index in enumerate(kept)}
        return Decoded(
            events=[self.events[index] for index in kept],
            kinds=[self.kinds[index] for index in kept],
            lines=[self.lines[index] for index in kept],
            samples=[(place[index], values) for index, values in self.samples if index in place],
            life=[(place[index], status, name) for index, status, name in self.life if index in place],
            rejected=sorted(
                [*self.rejected, *(Refusal(self.lines[at], code) for at, code in refused.items())]
            ),
            non_finite=self.non_finite,
        )


def decode(body: bytes, now_ms: int, *, ndjson: bool = True, limits: Limits = LIMITS) -> Decoded:
    """Check the body of a POST and return its events as bytes.

    ``ndjson`` says whether each line is an object; otherwise the body is one object or an array of them.
    Lines that cannot be accepted are listed in ``rejected`` with a code, never raised: ``invalid_json``,
    ``not_an_object``, ``unknown_type``, ``reserved_field``, ``invalid_field``, ``invalid_timestamp``,
    ``too_large``, ``too_deep``, ``number_out_of_range``, ``name_too_long``, ``too_many_names``. ``now_ms``
    (store's clock) becomes the timestamp of events that carry none. Raises BodyRefused when the body is too
    large, has too many lines, or is not JSON at all.
    """
    if len(body) > limits.body:
        raise BodyRefused(
            "payload_too_large", f"A POST may hold {limits.body} bytes unpacked. Send smaller batches."
        )
    lines = _lines(body, ndjson)
    if len(lines) - lines.count(b"") > limits.lines:
        raise BodyRefused(
            "payload_too_large", f"A POST may hold {limits.lines} events. Send smaller batches."
        )
    return _decode_lines(lines, _stamp(now_ms), limits)


def _lines(body: bytes, ndjson: bool) -> list[bytes]:
    """Split a body into events. A line break inside one would break entries and Server-Sent Events."""
    if b"\r" in body:
        body = body.replace(b"\r", b" ")
    if ndjson:
        return body.split(b"\n")
    body = body.replace(b"\n", b" ").strip()
    if not body.startswith(b"["):
        return [body]
    try:
        return [bytes(element) for element in _elements.decode(body)]
    except RecursionError:
        raise BodyRefused("invalid_request", "The body is nested too deeply.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _lenient_elements(body)


def _lenient_elements(body: bytes) -> list[bytes]:
    """Split an array as Python writes it, with NaN and Infinity."""
    try:
        elements = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyRefused(
            "invalid_request", "The body is not JSON. Send one event, an array, or NDJSON."
        ) from None
    return [json.dumps(element).encode() for element in elements]


def _stamp(now_ms: int) -> bytes:
    """The end of an event that had no timestamp."""
    moment = (
        datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    return f',"timestamp":"{moment}"}}'.encode()


def _decode_lines(lines: list[bytes], stamp: bytes, limits: Limits) -> Decoded:
    """Take each line the fast way where that suffices.

    This is the inner loop of publishing, hence the local names and the length: what a plain shape decodes
    needs no further look, and the line is stored as it came.
    """
    decoded = Decoded()
    events, kinds, numbers, measured = decoded.events, decoded.kinds, decoded.lines, decoded.samples
    plain, kind_of, longest = _plain.decode, KIND_OF, limits.event
    for number, sent in enumerate(lines, 1):
        line = sent.strip()
        if not line:
            continue
        if len(line) > limits.episode:
            decoded.rejected.append(Refusal(number, "too_large"))
            continue
        try:
            shape = plain(line)
        except (ValueError, RecursionError):  # msgspec's errors and UnicodeDecodeError are ValueErrors
            _walk(decoded, number, line, stamp, limits)
            continue
        kind = kind_of[type(shape)]
        time = shape.timestamp_
        long = len(line) > longest and kind != "episode_steps"
        if long or (type(time) is datetime and time.tzinfo is not UTC):
            _walk(decoded, number, line, stamp, limits)
            continue
        if kind == "training_metrics" and shape.source_ is UNSET:
            measured.append((len(events), shape.data_))
        elif kind in _SAMPLED:
            measured.append((len(events), _measured(kind, shape, line)))
        elif kind == "training_event" and shape.event_ in LIFE:
            decoded.life.append((len(events), LIFE[shape.event_], run_name(shape.data_)))
        events.append(line if time is not UNSET else line[:-1] + stamp)
        kinds.append(kind)
        numbers.append(number)
    return decoded


def _measured(kind: str, shape: Any, line: bytes) -> Mapping[str, Any]:
    """What ``samples`` says of a line, from the shape that was decoded already."""
    if kind == "training_metrics":
        found = shape.data_
    elif kind == "episode_metrics":
        found = shape.metrics_
    elif kind == "metric":
        found = {shape.name_: shape.value_}
    else:
        return samples(parse(line))
    source = shape.source_
    return cast("Mapping[str, Any]", found) if source is UNSET else of_source(found, source)


def _walk(decoded: Decoded, number: int, line: bytes, stamp: bytes, limits: Limits) -> None:
    """Take one line the careful way."""
    try:
        walked = Walked(line)
        if len(line) > limits.event and walked.kind != "episode_steps":
            raise Refused("too_large")
        raw = walked.encode() if walked.changed else line
    except Refused as refused:
        decoded.rejected.append(Refusal(number, refused.code))
        return
    event, index = walked.event, len(decoded.events)
    if "timestamp" not in event:
        raw = raw[:-1] + stamp
    if walked.kind in _SAMPLED:
        decoded.samples.append((index, samples(event)))
    elif walked.kind == "training_event" and event["event"] in LIFE:
        decoded.life.append((index, LIFE[event["event"]], run_name(event.get("data"))))
    decoded.events.append(raw)
    decoded.kinds.append(walked.kind)
    decoded.lines.append(number)
    decoded.non_finite += walked.non_finite
