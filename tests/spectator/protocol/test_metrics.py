from __future__ import annotations

import datetime as dt
import math

from spectator.protocol.json_text import json_text
from spectator.protocol.metrics import MetricsData

WHEN = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.timezone.utc)


def test_only_what_is_set_travels() -> None:
    data = MetricsData(timestamp=WHEN, episode=3, current_reward=1.5)
    assert data.to_dict() == {"timestamp": "2024-01-15T10:30:00.000000Z", "episode": 3, "current_reward": 1.5}
    assert data.decision() == {}


def test_figures_and_decision_are_apart() -> None:
    data = MetricsData(
        timestamp=WHEN,
        algorithm="DQN",
        action_probabilities={"left": 0.25, "right": 0.75},
        state_values=0.5,
        q_values=(1.0, 2.0),
        selected_action="right",
        extra={"grad_norm": 0.1},
    )
    assert data.figures() == {
        "timestamp": "2024-01-15T10:30:00.000000Z",
        "algorithm": "DQN",
        "grad_norm": 0.1,
    }
    assert data.decision() == {
        "action_probabilities": {"left": 0.25, "right": 0.75},
        "state_values": 0.5,
        "q_values": [1.0, 2.0],
        "selected_action": "right",
    }


def test_the_fields_win_over_extra() -> None:
    assert MetricsData(episode=3, extra={"episode": 4}).to_dict()["episode"] == 3


def test_now_is_the_default_and_it_knows_its_zone() -> None:
    assert MetricsData().timestamp.tzinfo is not None


def test_non_finite_values_become_null_on_the_way() -> None:
    assert '"loss_value":null' in json_text(MetricsData(loss_value=math.nan).figures())
