"""The demo's training loop: what a script of one's own would do, at a speed that one can watch.

One agent, two ways of gaining experience: one episode is walked slowly, so that its decisions can be
followed; between its steps others run at full speed. All of them teach the same agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from spectator.demo.student import Finished, Step, Student
from spectator.demo.world import ACTIONS, Episode

if TYPE_CHECKING:
    from spectator.client.room import Room

STEPS_PER_S = 8.0
EPISODES_PER_S = 4.0

Wait = Callable[[float], bool]
"""Waits the given seconds; True means: stop."""


class Training:
    """Trains and publishes until told to stop.

    Args:
        room: where it is watched.
        student: who learns.
        wait: how time passes; ``threading.Event().wait`` in earnest.
        steps_per_s: pace of the episode that is shown.
        episodes_per_s: how many are practised beside it.
    """

    def __init__(
        self,
        room: Room,
        student: Student,
        wait: Wait,
        *,
        steps_per_s: float = STEPS_PER_S,
        episodes_per_s: float = EPISODES_PER_S,
    ) -> None:
        self._room = room
        self._student = student
        self._wait = wait
        self._pause = 1 / steps_per_s
        self._episodes_a_step = episodes_per_s / steps_per_s
        self._owed = 0.0  # episodes that should have been practised by now
        self._shown = self._student.begin_episode()

    def run(self, episodes: Optional[int] = None) -> None:
        """Train until ``wait`` says stop, or until so many episodes have ended."""
        self._room.event("stage_advanced", **_stage(self._student))
        while episodes is None or self._student.episodes <= episodes:
            self._show_step()
            self._practise()
            if self._wait(self._pause):
                return

    def _show_step(self) -> None:
        step = self._student.step(self._shown)
        self._publish_decision(step)
        if self._shown.end is not None:
            self._publish_episode(self._student.end_episode(self._shown))
            self._shown = self._begin_shown()

    def _practise(self) -> None:
        self._owed += self._episodes_a_step
        while self._owed >= 1:
            self._owed -= 1
            self._publish_episode(self._student.practise())

    def _begin_shown(self) -> Episode:
        return self._student.begin_episode()

    def _publish_decision(self, step: Step) -> None:
        choice = step.choice
        self._room.decision(
            dict(zip(ACTIONS, choice.probabilities)),
            action=ACTIONS[choice.action],
            value=choice.value,
            q_values=choice.q_values,
            step=self._student.total_steps,
        )

    def _publish_episode(self, finished: Finished) -> None:
        self._room.log(
            {
                "episode": finished.number,
                "current_reward": finished.reward,
                "episode_length": finished.length,
                "win_rate": finished.win_rate,
                "loss_value": finished.loss,
                "epsilon": finished.epsilon,
                "learning_rate": finished.learning_rate,
                "stage": finished.level,
            },
            step=finished.total_steps,
        )
        if self._student.has_mastered or self._student.is_out_of_patience:
            mastered = self._student.has_mastered
            self._student.advance()
            # The walk that is shown belongs to the old map: its end would count on the new one.
            self._shown = self._begin_shown()
            self._room.event("stage_advanced", mastered=mastered, **_stage(self._student))


def _stage(student: Student) -> dict[str, Any]:
    level = student.level
    return {"stage": level.number, "lava_cells": len(level.lava), "slip": level.slip}
