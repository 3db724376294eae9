"""An episode as others see it: begun, its steps as they are taken, ended."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional

from spectator.protocol.values import clean, jsonable

Fields = Dict[str, Any]


class Episode:
    """One episode that is being played; made by `Room.episode`. For one thread at a time.

    Attributes:
        id: its name, as text.
        length: how many steps were told so far.
    """

    def __init__(
        self, episode_id: str, add: Callable[[Fields], None], metadata: Optional[Mapping[str, Any]]
    ) -> None:
        self.id = episode_id
        self.length = 0
        self._add = add
        self._reward = 0.0
        self._ended = False
        began: Fields = {"type": "episode_start", "episode_id": episode_id}
        if metadata is not None:
            began["metadata"] = _object("metadata", metadata)
        add(began)

    def step(self, **fields: Any) -> None:
        """Tell one step, such as ``episode.step(position=[3, 4], action="up", reward=-0.01)``.

        ``position`` is what the page draws; the number of the step is added.

        Raises:
            ValueError: the episode has ended.
        """
        self.steps([fields])

    def steps(self, steps: Iterable[Mapping[str, Any]]) -> None:
        """Tell several steps at once, oldest first; each as the fields of `step`.

        Raises:
            TypeError: a step is no mapping.
            ValueError: the episode has ended.
        """
        if self._ended:
            raise ValueError(f"the episode {self.id} has ended; begin another with room.episode()")
        told: List[Fields] = []
        for number, step in enumerate(steps, self.length):
            told.append({"step": number, **_object("a step", step)})
        if not told:
            return
        self._add({"type": "episode_steps", "episode_id": self.id, "from": self.length, "steps": told})
        self.length += len(told)
        self._reward += sum(float(step["reward"]) for step in told if _is_number(step.get("reward")))

    def end(self, reason: Optional[str] = None, *, total_reward: Optional[float] = None) -> None:
        """End the episode. A second end is ignored.

        Args:
            reason: why, such as goal or timeout.
            total_reward: the sum of the rewards that were told with the steps, when left out.
        """
        if self._ended:
            return
        self._ended = True
        reward = self._reward if total_reward is None else jsonable(total_reward)
        ended: Fields = {
            "type": "episode_end",
            "episode_id": self.id,
            "total_reward": reward,
            "length": self.length,
        }
        if reason is not None:
            ended["reason"] = clean(str(reason))
        self._add(ended)


def _object(what: str, value: Any) -> Fields:
    if not isinstance(value, Mapping):
        raise TypeError(f"{what} must be a mapping, not {type(value).__name__}")
    fields: Fields = jsonable(dict(value))
    return fields


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124 NaN
