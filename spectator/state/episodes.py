"""The index of episodes: where in the log each one lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from spectator.overlay import number

MOST: Final = 200
_REASON: Final = 256


@dataclass(slots=True)
class Episode:
    """One episode: its events lie between ``first`` and ``last``; ``ended`` when its end was published."""

    episode_id: str | int
    first: int
    last: int
    started_ms: int
    whole: bool = False
    """Whether its beginning was published."""
    steps: int = 0
    ended: bool = False
    total_reward: float | None = None
    length: float | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The episode as it travels in a snapshot and a checkpoint."""
        return asdict(self)


def episode_key(event: Mapping[str, Any]) -> str:
    """Tell the episodes of different workers apart."""
    return f"{event.get('episode_id')}@{event.get('source', '')}/{event.get('agent', '')}"


def index(episodes: dict[str, Episode], event: Mapping[str, Any], seq: int, at_ms: int) -> None:
    """Enter an ``episode_...`` event into the index, the newest at the end; the oldest are forgotten."""
    key, kind = episode_key(event), event["type"]
    episode = episodes.pop(key, None)
    if episode is None or kind == "episode_start" or (episode.ended and kind == "episode_steps"):
        identifier = event.get("episode_id")
        known = identifier if isinstance(identifier, str | int) else ""
        episode = Episode(known, seq, seq, at_ms, whole=kind == "episode_start")
    episodes[key] = episode
    episode.last = seq
    if kind == "episode_steps":
        steps = event.get("steps")
        episode.steps += len(steps) if isinstance(steps, list) else 0
    elif kind == "episode_end":
        reason = event.get("reason")
        episode.ended = True
        episode.total_reward = number(event.get("total_reward"))
        episode.length = number(event.get("length"))
        episode.reason = reason[:_REASON] if isinstance(reason, str) else None
    if len(episodes) > MOST:
        del episodes[next(iter(episodes))]
