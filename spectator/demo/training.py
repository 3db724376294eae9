"""The demo's training loop: what a script of one's own would do, at a speed that one can watch.

One agent, two ways of gaining experience: one episode is walked slowly, so that its decisions can be
followed; between its steps others run at full speed. All of them teach the same agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from spectator.demo.student import Finished, Step, Student
from spectator.demo.world import ACTIONS, HEIGHT, WIDTH, Level

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
        self._begin_shown()

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
        self._walk.step(
            position=step.outcome.cell,
            action=ACTIONS[step.choice.action],
            reward=step.outcome.reward,
            done=step.outcome.end is not None,
        )
        if step.outcome.end is not None:
            self._walk.end(step.outcome.end)
            self._publish_episode(self._student.end_episode(self._shown))
            if not self._advance():
                self._begin_shown()

    def _practise(self) -> None:
        self._owed += self._episodes_a_step
        while self._owed >= 1:
            self._owed -= 1
            self._publish_episode(self._student.practise())
            self._advance()

    def _begin_shown(self) -> None:
        self._shown = self._student.begin_episode()
        self._walk = self._room.episode(self._shown.number, metadata={"grid": _grid(self._shown.level)})
        self._walk.step(position=self._shown.cell)  # where it starts

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

    def _advance(self) -> bool:
        """Begin the next level, on a new map, where this one is mastered or patience is over."""
        mastered = self._student.has_mastered
        if not mastered and not self._student.is_out_of_patience:
            return False
        self._student.advance()
        # A walk that goes on belongs to the old map: its end would count on the new one.
        self._walk.end("next level")
        self._begin_shown()
        self._room.event("stage_advanced", mastered=mastered, **_stage(self._student))
        return True


def _grid(level: Level) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "walls": sorted(level.walls),
        "lava": sorted(level.lava),
        "start": level.start,
        "goal": level.goal,
    }


def _stage(student: Student) -> dict[str, Any]:
    level = student.level
    return {"stage": level.number, "lava_cells": len(level.lava), "slip": level.slip}
