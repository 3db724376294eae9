"""A feed and its viewers, as dialogues are written with them: entries come in, messages come out."""

from spectator.hub.delivery import deliver, serve
from spectator.hub.feed import Feed


class Room:
    """A feed and its viewers, brought forward as the reader does it."""

    def __init__(self, feed: Feed, script, clock) -> None:
        self.feed, self.script, self.clock = feed, script, clock
        self.viewers = []

    def add(self, made):
        viewer, sink = made
        self.viewers.append(viewer)
        serve(self.feed, viewer, self.clock())
        return viewer, sink

    def publish(self, *entries) -> list:
        """Returns who is behind."""
        behind = []
        made = self.feed.extend(entries or [self.script.entry()], self.script.epoch, self.clock())
        for place, packet in enumerate(made, self.feed.ring.end - len(made)):
            behind += deliver(self.viewers, place, packet, self.feed.stats)
        return behind

    def turn(self, seconds: float = 0.033) -> list[bool]:
        self.clock.push(seconds)
        return [serve(self.feed, viewer, self.clock()) for viewer in self.viewers]


def covered(messages: list[dict], start: int = 1) -> int:
    """Follow the messages as a client does: no overlap, no gap. Returns the last event."""
    at = start - 1
    for message in messages:
        if message["type"] == "snapshot":
            assert message["seq"] >= at
            at = message["seq"]
        elif message["type"] in {"tick", "conflated"}:
            assert message["from"] == at + 1, f"{message['from']} after {at}"
            at = message["to"]
    return at
