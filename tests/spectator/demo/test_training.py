import pytest

from spectator.client.episodes import Episode
from spectator.demo.student import Student
from spectator.demo.training import Training
from spectator.demo.world import ACTIONS


class Recorded:
    """A room that remembers what was published."""

    def __init__(self):
        self.logs, self.decisions, self.events, self.told = [], [], [], []

    def episode(self, name, *, metadata=None):
        return Episode(str(name), self.told.append, metadata)

    def log(self, data=None, *, step=None, **values):
        self.logs.append((step, {**(data or {}), **values}))

    def decision(self, probabilities, **fields):
        self.decisions.append((probabilities, fields))

    def event(self, event, **data):
        self.events.append((event, data))


def trained(episodes, **options):
    room, waits = Recorded(), []

    def wait(seconds):
        waits.append(seconds)
        return False

    Training(room, Student(7), wait, **options).run(episodes)
    return room, waits


def test_decisions_are_probabilities_over_the_actions():
    room, waits = trained(20)
    assert len(room.decisions) == len(waits) > 0
    for probabilities, fields in room.decisions:
        assert list(probabilities) == list(ACTIONS)
        assert sum(probabilities.values()) == pytest.approx(1)
        assert fields["action"] in ACTIONS
        assert len(fields["q_values"]) == len(ACTIONS)


def test_pace_is_kept():
    room, waits = trained(200, steps_per_s=10, episodes_per_s=5)
    assert set(waits) == {0.1}
    # Beside those practised at full speed there are the few that were walked slowly.
    assert len(waits) * 0.5 <= len(room.logs) + 1 <= len(waits) * 0.6


def test_metrics_bear_the_usual_names_and_steps_that_grow():
    room, _ = trained(30)
    steps = [step for step, _ in room.logs]
    assert steps == sorted(steps)
    assert {"episode", "current_reward", "episode_length", "win_rate", "loss_value", "epsilon"} <= set(
        room.logs[0][1]
    )


def test_there_is_always_another_level():
    room, _ = trained(900)
    stages = [data["stage"] for name, data in room.events if name == "stage_advanced"]
    assert stages == list(range(1, len(stages) + 1))
    assert len(stages) >= 3


def test_it_stops_when_told():
    room = Recorded()
    Training(room, Student(7), lambda _: True).run()
    assert len(room.decisions) == 1


def test_the_walk_is_told_step_by_step_in_its_world():
    room, waits = trained(20)
    begun = [event for event in room.told if event["type"] == "episode_start"]
    steps = [event["steps"][0] for event in room.told if event["type"] == "episode_steps"]
    ended = [event for event in room.told if event["type"] == "episode_end"]
    assert len(begun) == len(ended) + 1
    assert len(steps) == len(waits) + len(begun)  # each walk begins with where it starts
    grid = begun[0]["metadata"]["grid"]
    assert steps[0]["position"] == list(grid["start"])
    for step in steps:
        assert 0 <= step["position"][0] < grid["width"]
        assert step["position"] not in grid["walls"]
    assert {event["reason"] for event in ended} <= {"goal", "lava", "time", "next level"}
