"""The names by which training code usually calls what the graphs and key figures show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

USUAL_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "current_reward": (
        "reward",
        "episode_reward",
        "episodic_return",
        "episode_return",
        "return",
        "rollout/ep_rew_mean",
        "charts/episodic_return",
        "episode_reward_mean",
    ),
    "average_reward": ("avg_reward", "mean_reward", "average_return"),
    "loss_value": ("loss", "train/loss", "policy_loss", "train/policy_loss", "losses/policy_loss"),
    "learning_rate": ("lr", "train/learning_rate", "charts/learning_rate"),
    "episode_length": (
        "rollout/ep_len_mean",
        "ep_len",
        "episode_len",
        "charts/episodic_length",
        "episode_len_mean",
    ),
    "epsilon": ("eps", "exploration_rate", "rollout/exploration_rate"),
    "win_rate": ("success_rate", "rollout/success_rate"),
    "steps_per_second": ("fps", "time/fps", "sps", "charts/SPS"),
    "training_time_elapsed": ("time/time_elapsed",),
}
"""The graphs' name of a number → what else it is called. Where an event has several, the first one counts."""

GRAPH_NAME: Final[Mapping[str, str]] = {
    usual: name for name, usuals in USUAL_NAMES.items() for usual in usuals
}
"""Usual name → the graphs' name."""

RANK: Final[Mapping[str, int]] = {
    usual: rank for usuals in USUAL_NAMES.values() for rank, usual in enumerate(usuals)
}

OUTCOMES: Final = ("success", "is_success", "won", "win")
"""Names under which an event says whether its episode was won: true or false, 1 or 0."""
