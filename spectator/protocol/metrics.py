"""MetricsData: the training figures of seed 003, as one record."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence

from spectator.protocol.values import jsonable, utc

DECISION_FIELDS = ("action_probabilities", "state_values", "q_values", "selected_action")


@dataclass
class MetricsData:
    """What is known of a training at one moment. Leave out what you do not have.

    Averages and bests left out are computed for the viewers. `win_rate` is a fraction (0.68, not 68),
    `training_time_elapsed` is in seconds, `memory_usage_mb` in megabytes. Further numbers go into `extra`.
    """

    timestamp: datetime = field(default_factory=lambda: datetime.now().astimezone())
    episode: Optional[int] = None
    total_episodes: Optional[int] = None
    current_reward: Optional[float] = None
    average_reward: Optional[float] = None
    best_reward: Optional[float] = None
    episode_length: Optional[int] = None
    win_rate: Optional[float] = None
    loss_value: Optional[float] = None
    learning_rate: Optional[float] = None
    epsilon: Optional[float] = None
    model_generation: Optional[int] = None
    algorithm: Optional[str] = None
    training_time_elapsed: Optional[float] = None
    action_probabilities: Optional[Mapping[str, float]] = None
    state_values: Optional[float] = None
    q_values: Optional[Sequence[float]] = None
    selected_action: Optional[str] = None
    actions_per_second: Optional[float] = None
    frames_per_second: Optional[float] = None
    memory_usage_mb: Optional[float] = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> Dict[str, Any]:
        """Return what is set as plain JSON data: the timestamp as text, `extra` beside the fields."""
        data: Dict[str, Any] = {key: jsonable(value) for key, value in self.extra.items()}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value is not None and entry.name != "extra":
                data[entry.name] = jsonable(value)
        data["timestamp"] = utc(self.timestamp)
        return data

    def figures(self) -> Dict[str, Any]:
        """Return the ``data`` of a ``training_metrics`` event: all that is set but the decision."""
        return {key: value for key, value in self.to_dict().items() if key not in DECISION_FIELDS}

    def decision(self) -> Dict[str, Any]:
        """Return the fields of a ``bot_decision`` event; empty when no decision is in it."""
        data = self.to_dict()
        return {key: data[key] for key in DECISION_FIELDS if key in data}
