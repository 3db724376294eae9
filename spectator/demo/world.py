"""The grid world: four rooms, doors, lava; an agent that sometimes slips."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import FrozenSet, List, NamedTuple, Optional, Set, Tuple

WIDTH, HEIGHT = 23, 9
WALL_COLUMN, WALL_ROW = 11, 4
LONGEST_WAY = 30  # further away, an agent that slips hardly ever arrives
ACTIONS = ("up", "right", "down", "left")

STEP_REWARD = -0.01
LAVA_REWARD = -1.0
GOAL_REWARD = 1.0


class Cell(NamedTuple):
    """A place on the grid: column and row, from the top left."""

    x: int
    y: int

    def towards(self, action: int) -> Cell:
        """Return the neighbour in the direction of ``ACTIONS[action]``, be it a wall or outside."""
        dx, dy = ((0, -1), (1, 0), (0, 1), (-1, 0))[action]
        return Cell(self.x + dx, self.y + dy)


class Outcome(NamedTuple):
    """What one step led to. ``end`` is None while the episode goes on, else goal, lava or time."""

    cell: Cell
    reward: float
    end: Optional[str]


@dataclass(frozen=True)
class Level:
    """One map and its rules. Every level has a way from start to goal that touches no lava."""

    number: int
    start: Cell
    goal: Cell
    walls: FrozenSet[Cell]
    lava: FrozenSet[Cell]
    slip: float  # chance that a step goes to a random side instead
    longest: int  # steps until time is up

    def is_free(self, cell: Cell) -> bool:
        """Tell whether the agent can stand there."""
        return 0 <= cell.x < WIDTH and 0 <= cell.y < HEIGHT and cell not in self.walls


def make_level(number: int, seed: int) -> Level:
    """Return level ``number`` (from 1): further away, more lava and more slippery as numbers grow.

    The same number and seed give the same level.
    """
    rng = random.Random(seed * 1_000_003 + number)
    while True:
        level = _draw(number, rng)
        way = shortest_safe_way(level)
        if way is not None and way <= LONGEST_WAY:
            return level


def _draw(number: int, rng: random.Random) -> Level:
    walls = _walls(rng)
    start = Cell(rng.randrange(1, 5), rng.randrange(5, HEIGHT))
    # The first level stays in the lower half; from the third on the goal is diagonally across.
    rows = range(5, HEIGHT) if number == 1 else range(4)
    columns = range(2, WALL_COLUMN) if number == 2 else range(WALL_COLUMN + 1, WIDTH - 1)
    goal = Cell(rng.choice(columns), rng.choice(rows))
    free = [
        Cell(x, y)
        for x in range(WIDTH)
        for y in range(HEIGHT)
        if Cell(x, y) not in walls and Cell(x, y) not in {start, goal}
    ]
    lava = frozenset(rng.sample(free, min(6 + 2 * number, 22)))
    return Level(number, start, goal, walls, lava, slip=min(0.01 * (number - 1), 0.04), longest=200)


def _walls(rng: random.Random) -> FrozenSet[Cell]:
    walls = {Cell(WALL_COLUMN, y) for y in range(HEIGHT)} | {Cell(x, WALL_ROW) for x in range(WIDTH)}
    doors = {
        Cell(WALL_COLUMN, rng.randrange(WALL_ROW)),
        Cell(WALL_COLUMN, rng.randrange(WALL_ROW + 1, HEIGHT)),
        Cell(rng.randrange(1, WALL_COLUMN), WALL_ROW),
        Cell(rng.randrange(WALL_COLUMN + 1, WIDTH - 1), WALL_ROW),
    }
    return frozenset(walls - doors)


def shortest_safe_way(level: Level) -> Optional[int]:
    """Return the length of the shortest way that touches no lava, None where there is none."""
    seen: Set[Cell] = {level.start}
    border = deque([(level.start, 0)])
    while border:
        cell, distance = border.popleft()
        if cell == level.goal:
            return distance
        for action in range(len(ACTIONS)):
            beside = cell.towards(action)
            if level.is_free(beside) and beside not in level.lava and beside not in seen:
                seen.add(beside)
                border.append((beside, distance + 1))
    return None


class Episode:
    """One walk through a level, from its start."""

    def __init__(self, level: Level, number: int, rng: random.Random) -> None:
        self.level = level
        self.number = number
        self.cell = level.start
        self.steps = 0
        self.reward = 0.0
        self.end: Optional[str] = None
        self.losses: List[float] = []  # of the learning steps taken on the way
        self._rng = rng

    def step(self, action: int) -> Outcome:
        """Take one step; walls are bumped into, lava and goal end the episode."""
        if self._rng.random() < self.level.slip:
            action = self._rng.randrange(len(ACTIONS))
        beside = self.cell.towards(action)
        if self.level.is_free(beside):
            self.cell = beside
        self.steps += 1
        reward, self.end = self._judge()
        self.reward += reward
        return Outcome(self.cell, reward, self.end)

    def _judge(self) -> Tuple[float, Optional[str]]:
        if self.cell == self.level.goal:
            return GOAL_REWARD, "goal"
        if self.cell in self.level.lava:
            return LAVA_REWARD, "lava"
        return STEP_REWARD, "time" if self.steps >= self.level.longest else None
