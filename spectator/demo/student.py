"""One agent on its way through the levels; an episode at a time, or a step at a time for those who watch."""

from __future__ import annotations

import random
from collections import deque
from typing import Deque, NamedTuple

from spectator.demo.agent import Agent, Choice
from spectator.demo.world import Cell, Episode, Level, Outcome, make_level

MASTERED = 0.8  # share of the last episodes that reached the goal
JUDGED_EPISODES = 50
PATIENCE = 600  # episodes after which a level is left unmastered


class Finished(NamedTuple):
    """An episode that ended, with what was learnt on the way."""

    number: int
    level: int
    reward: float
    length: int
    end: str  # goal, lava or time
    loss: float  # mean squared error of its steps
    win_rate: float  # of the last episodes on this level
    epsilon: float
    learning_rate: float
    total_steps: int  # since the beginning, over all episodes


class Step(NamedTuple):
    """One step of an episode, as it was decided and what it led to."""

    episode: Episode
    before: Cell
    choice: Choice
    outcome: Outcome


class Student:
    """Learns level after level. Every episode counts, the shown ones too."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.total_steps = 0
        self.episodes = 0
        self.level: Level
        self._rng = random.Random(seed)
        self._begin_level(1)

    def _begin_level(self, number: int) -> None:
        self.level = make_level(number, self.seed)
        self._agent = Agent(self._rng)
        self._wins: Deque[bool] = deque(maxlen=JUDGED_EPISODES)
        self._level_episodes = 0

    @property
    def win_rate(self) -> float:
        """Return the share of the last episodes on this level that reached the goal."""
        return sum(self._wins) / len(self._wins) if self._wins else 0.0

    @property
    def has_mastered(self) -> bool:
        """Tell whether this level is learnt."""
        return len(self._wins) == JUDGED_EPISODES and self.win_rate >= MASTERED

    @property
    def is_out_of_patience(self) -> bool:
        """Tell whether this level takes too long."""
        return self._level_episodes >= PATIENCE

    def advance(self) -> None:
        """Go on to the next level, knowing nothing of its map."""
        self._begin_level(self.level.number + 1)

    def begin_episode(self) -> Episode:
        """Return a new episode on the current level."""
        self.episodes += 1
        return Episode(self.level, self.episodes, self._rng)

    def step(self, episode: Episode) -> Step:
        """Decide, act and learn once."""
        before = episode.cell
        choice = self._agent.choose(before)
        outcome = episode.step(choice.action)
        episode.losses.append(self._agent.learn(before, choice.action, outcome))
        self.total_steps += 1
        return Step(episode, before, choice, outcome)

    def end_episode(self, episode: Episode) -> Finished:
        """Count an episode that ended."""
        assert episode.end is not None, "the episode goes on"
        self._agent.end_episode()
        self._level_episodes += 1
        self._wins.append(episode.end == "goal")
        return Finished(
            number=episode.number,
            level=episode.level.number,
            reward=round(episode.reward, 6),
            length=episode.steps,
            end=episode.end,
            loss=sum(episode.losses) / len(episode.losses),
            win_rate=self.win_rate,
            epsilon=self._agent.epsilon,
            learning_rate=self._agent.learning_rate,
            total_steps=self.total_steps,
        )

    def practise(self) -> Finished:
        """Run one whole episode at full speed."""
        episode = self.begin_episode()
        while episode.end is None:
            self.step(episode)
        return self.end_episode(episode)
