import random

import pytest

from spectator.demo.agent import LAST_EPSILON, LAST_RATE, UNKNOWN_VALUE, Agent
from spectator.demo.world import ACTIONS, Cell, Outcome

HERE, THERE = Cell(0, 0), Cell(1, 0)


def test_probabilities_are_the_policy_it_draws_from():
    agent = Agent(random.Random(1))
    agent.epsilon = 0.2
    agent.q_values(HERE)[2] = 10.0
    choices = [agent.choose(HERE) for _ in range(2000)]
    policy = choices[0].probabilities
    assert sum(policy) == pytest.approx(1)
    assert policy[2] == pytest.approx(0.85)
    assert sum(choice.action == 2 for choice in choices) / 2000 == pytest.approx(0.85, abs=0.03)


def test_the_value_is_the_policys_mean():
    agent = Agent(random.Random(1))
    agent.epsilon = 0.0
    assert agent.choose(HERE).value == pytest.approx(UNKNOWN_VALUE)


def test_what_a_choice_told_is_not_changed_by_learning():
    agent = Agent(random.Random(1))
    choice = agent.choose(HERE)
    agent.learn(HERE, 1, Outcome(THERE, 1.0, "goal"))
    assert choice.q_values == [UNKNOWN_VALUE] * len(ACTIONS)


def test_it_learns_what_ended_in_the_goal():
    agent = Agent(random.Random(1))
    first = agent.learn(HERE, 1, Outcome(THERE, 1.0, "goal"))
    for _ in range(50):
        last = agent.learn(HERE, 1, Outcome(THERE, 1.0, "goal"))
    assert last < first
    assert agent.q_values(HERE)[1] == pytest.approx(1.0, abs=0.01)


def test_time_running_out_does_not_end_what_can_be_earned():
    agent = Agent(random.Random(1))
    agent.q_values(THERE)[:] = [1.0] * 4
    error = agent.learn(HERE, 0, Outcome(THERE, 0.0, "time"))
    assert error == pytest.approx((0.97 - UNKNOWN_VALUE) ** 2)


def test_exploration_fades_to_its_floor():
    agent = Agent(random.Random(1))
    before = agent.epsilon
    agent.end_episode()
    assert agent.epsilon < before
    for _ in range(1000):
        agent.end_episode()
    assert agent.epsilon == LAST_EPSILON
    assert agent.learning_rate == LAST_RATE
