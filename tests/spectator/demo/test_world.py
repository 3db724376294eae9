import random

import pytest

from spectator.demo.world import (
    ACTIONS,
    GOAL_REWARD,
    HEIGHT,
    LAVA_REWARD,
    LONGEST_WAY,
    STEP_REWARD,
    WIDTH,
    Cell,
    Episode,
    Level,
    make_level,
    shortest_safe_way,
)

UP, RIGHT, DOWN, LEFT = range(4)


def corridor(*, lava=(), walls=(), slip=0.0, longest=10) -> Level:
    return Level(1, Cell(1, 0), Cell(3, 0), frozenset(walls), frozenset(lava), slip, longest)


def walk(level: Level, *actions: int) -> tuple[Episode, list[str | None]]:
    episode = Episode(level, 1, random.Random(1))
    return episode, [episode.step(action).end for action in actions]


@pytest.mark.parametrize("number", range(1, 40))
def test_every_level_can_be_solved_without_touching_lava(number):
    level = make_level(number, seed=7)
    way = shortest_safe_way(level)
    assert way is not None
    assert 0 < way <= LONGEST_WAY
    assert not {level.start, level.goal} & (level.walls | level.lava)
    assert not level.walls & level.lava


def test_levels_repeat_with_their_seed_and_differ_with_another():
    assert make_level(5, 7) == make_level(5, 7)
    assert make_level(5, 7) != make_level(5, 8)


def test_levels_grow_harder():
    first, tenth = make_level(1, 7), make_level(10, 7)
    assert len(tenth.lava) > len(first.lava)
    assert tenth.slip > first.slip == 0


def test_the_goal_ends_the_episode_with_its_reward():
    episode, ends = walk(corridor(), RIGHT, RIGHT)
    assert ends == [None, "goal"]
    assert episode.reward == pytest.approx(STEP_REWARD + GOAL_REWARD)


def test_lava_ends_the_episode():
    episode, ends = walk(corridor(lava=[Cell(2, 0)]), RIGHT)
    assert ends == ["lava"]
    assert episode.reward == LAVA_REWARD


def test_walls_and_the_edge_are_bumped_into():
    episode, ends = walk(corridor(walls=[Cell(2, 0)]), RIGHT, UP)
    assert ends == [None, None]
    assert episode.cell == Cell(1, 0)


def test_time_runs_out():
    _, ends = walk(corridor(longest=3), UP, UP, UP)
    assert ends == [None, None, "time"]


def test_a_slippery_floor_sometimes_leads_elsewhere():
    level = corridor(slip=1.0, longest=10_000)
    seen = set()
    for _ in range(40):
        episode = Episode(level, 1, random.Random(len(seen) * 7 + _))
        seen.add(episode.step(RIGHT).cell)
    assert seen == {Cell(1, 0), Cell(2, 0), Cell(1, 1), Cell(0, 0)}


def test_directions_are_as_they_are_called():
    assert [Cell(5, 5).towards(action) for action in range(len(ACTIONS))] == [(5, 4), (6, 5), (5, 6), (4, 5)]


def test_no_way_is_told():
    walled = corridor(walls=[Cell(2, y) for y in range(HEIGHT)])
    assert shortest_safe_way(walled) is None
    assert not walled.is_free(Cell(WIDTH, 0))
