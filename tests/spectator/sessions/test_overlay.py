from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Dict, List, Tuple

import pytest

from spectator.client.pending import SAMPLE, STATE
from spectator.protocol.metrics import MetricsData
from spectator.sessions.overlay import HISTORY, TrainingMetricsOverlay

START = dt.datetime(2024, 1, 15, 10, 0, tzinfo=dt.timezone.utc)

Published = List[Tuple[int, Dict[str, Any]]]


def record(minute: int, **fields: Any) -> MetricsData:
    return MetricsData(timestamp=START + dt.timedelta(minutes=minute), episode=minute, **fields)


@pytest.fixture
def published() -> Published:
    return []


@pytest.fixture
def overlay(published: Published) -> TrainingMetricsOverlay:
    return TrainingMetricsOverlay("r_1", publish=lambda kind, fields: published.append((kind, fields)))


def test_metrics_are_published_with_their_time(overlay: TrainingMetricsOverlay, published: Published) -> None:
    asyncio.run(overlay.update_metrics(record(1, current_reward=2.0)))
    stamp = "2024-01-15T10:01:00.000000Z"
    data = {"timestamp": stamp, "episode": 1, "current_reward": 2.0}
    assert published == [(SAMPLE, {"type": "training_metrics", "timestamp": stamp, "data": data})]


def test_a_decision_in_the_metrics_is_shown_too(
    overlay: TrainingMetricsOverlay, published: Published
) -> None:
    asyncio.run(overlay.update_metrics(record(1, action_probabilities={"a": 1.0}, selected_action="a")))
    assert [kind for kind, _ in published] == [SAMPLE, STATE]
    assert published[1][1]["type"] == "bot_decision"
    assert "action_probabilities" not in published[0][1]["data"]


def test_a_decision_alone(overlay: TrainingMetricsOverlay, published: Published) -> None:
    asyncio.run(overlay.send_bot_decision_data({"a": 0.2, "b": 0.8}, 0.5, [1.0, 2.0], "b"))
    ((kind, fields),) = published
    assert kind == STATE
    assert (fields["selected_action"], fields["state_values"], fields["q_values"]) == ("b", 0.5, [1.0, 2.0])
    with pytest.raises(TypeError):
        asyncio.run(overlay.send_bot_decision_data({"a": "much"}))  # type: ignore[dict-item]  # the mistake


def test_decisions_can_be_switched_off(published: Published) -> None:
    overlay = TrainingMetricsOverlay("r", True, False, publish=lambda *told: published.append(told))
    asyncio.run(overlay.update_metrics(record(1, action_probabilities={"a": 1.0})))
    asyncio.run(overlay.send_bot_decision_data({"a": 1.0}))
    assert [kind for kind, _ in published] == [SAMPLE]


def test_history_by_time_and_number(overlay: TrainingMetricsOverlay) -> None:
    assert overlay.get_current_metrics() is None
    for minute in range(5):
        asyncio.run(overlay.update_metrics(record(minute)))
    episodes = [one.episode for one in overlay.get_metrics_history()]
    assert episodes == [0, 1, 2, 3, 4]
    later, last = START + dt.timedelta(minutes=2), START + dt.timedelta(minutes=3)
    assert [one.episode for one in overlay.get_metrics_history(later, last)] == [2, 3]
    assert [one.episode for one in overlay.get_metrics_history(max_points=2)] == [3, 4]
    assert overlay.get_metrics_history(max_points=0) == []
    naive = later.astimezone().replace(tzinfo=None)
    assert [one.episode for one in overlay.get_metrics_history(start_time=naive)] == [2, 3, 4]
    current = overlay.get_current_metrics()
    assert current is not None
    assert current.episode == 4


def test_history_is_bounded_and_can_be_forgotten() -> None:
    overlay = TrainingMetricsOverlay("by hand")

    async def many() -> None:
        for minute in range(HISTORY + 5):
            await overlay.update_metrics(record(minute))

    asyncio.run(many())
    assert len(overlay.get_metrics_history()) == HISTORY
    asyncio.run(overlay.cleanup())
    assert overlay.get_metrics_history() == []
