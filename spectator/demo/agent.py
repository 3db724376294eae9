"""The agent: tabular Q-learning that also learns from remembered steps (Dyna-Q, Sutton & Barto ch. 8.2)."""

from __future__ import annotations

import math
import random
from collections import deque
from typing import Deque, Dict, List, NamedTuple, Tuple

from spectator.demo.world import ACTIONS, Cell, Outcome

DISCOUNT = 0.97
TEMPERATURE = 0.03  # of the softmax over Q: small differences already decide
FIRST_RATE, LAST_RATE = 0.3, 0.1  # of learning
RATE_DECAY = 0.99  # an episode
# What is unknown looks good, so the agent goes and sees (optimistic start, Sutton & Barto ch. 2.6).
UNKNOWN_VALUE = 0.5
FIRST_EPSILON, LAST_EPSILON = 0.5, 0.02
EPSILON_DECAY = 0.985  # an episode
REMEMBERED_STEPS = 3  # learnt from again after each real one
REMEMBERED_OUTCOMES = 20  # of one action in one cell: it sometimes slips, so one is not enough


class Choice(NamedTuple):
    """What the agent thought when it acted: its policy here, the action drawn from it, its values."""

    action: int
    probabilities: List[float]
    q_values: List[float]
    value: float  # of the state under this policy


class Agent:
    """Learns one level. Its policy is a softmax over Q, mixed with uniform exploration of share epsilon."""

    def __init__(self, rng: random.Random) -> None:
        self.epsilon = FIRST_EPSILON
        self.learning_rate = FIRST_RATE
        self._rng = rng
        self._q: Dict[Cell, List[float]] = {}
        self._model: Dict[Tuple[Cell, int], Deque[Outcome]] = {}  # the last outcomes of each step taken
        self._taken: List[Tuple[Cell, int]] = []  # the keys of _model, to draw from

    def q_values(self, cell: Cell) -> List[float]:
        """Return the expected return of each action in a cell."""
        return self._q.setdefault(cell, [UNKNOWN_VALUE] * len(ACTIONS))

    def choose(self, cell: Cell) -> Choice:
        """Draw an action from the policy."""
        values = self.q_values(cell)
        best = max(values)
        weights = [math.exp((value - best) / TEMPERATURE) for value in values]
        total = sum(weights)
        explored = self.epsilon / len(ACTIONS)
        policy = [explored + (1 - self.epsilon) * weight / total for weight in weights]
        action = self._rng.choices(range(len(ACTIONS)), policy)[0]
        return Choice(action, policy, list(values), sum(p * v for p, v in zip(policy, values)))

    def learn(self, cell: Cell, action: int, outcome: Outcome) -> float:
        """Learn from one step, then from some remembered ones; return the squared error of the real one."""
        if (cell, action) not in self._model:
            self._taken.append((cell, action))
            self._model[cell, action] = deque(maxlen=REMEMBERED_OUTCOMES)
        self._model[cell, action].append(outcome)
        loss = self._update(cell, action, outcome)
        for _ in range(REMEMBERED_STEPS):
            before = self._rng.choice(self._taken)
            self._update(*before, self._rng.choice(self._model[before]))
        return loss

    def _update(self, cell: Cell, action: int, outcome: Outcome) -> float:
        # Running out of time says nothing about the cell: only goal and lava end what can be earned.
        is_last = outcome.end in {"goal", "lava"}
        future = 0.0 if is_last else DISCOUNT * max(self.q_values(outcome.cell))
        values = self.q_values(cell)
        error = outcome.reward + future - values[action]
        values[action] += self.learning_rate * error
        return error * error

    def end_episode(self) -> None:
        """Explore a little less, and trust each single step a little less, from now on."""
        self.epsilon = max(LAST_EPSILON, self.epsilon * EPSILON_DECAY)
        self.learning_rate = max(LAST_RATE, self.learning_rate * RATE_DECAY)
