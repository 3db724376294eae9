from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectator.overlay.figures import WINDOW, Figures


def complete(figures: Figures, **values: object) -> dict[str, float]:
    numbers = {name: value for name, value in values.items() if type(value) in {int, float}}
    return figures.complete(numbers, values)  # type: ignore[arg-type] # the test's values are numbers


def test_what_was_published_is_left_alone() -> None:
    figures = Figures()
    assert complete(figures, current_reward=1.0, average_reward=2.0, best_reward=3.0) == {}
    assert complete(figures, loss_value=1.0) == {}


def test_averages_and_bests_are_of_the_run_so_far() -> None:
    figures = Figures()
    assert complete(figures, current_reward=1.0) == {"average_reward": 1.0, "best_reward": 1.0}
    assert complete(figures, current_reward=4.0) == {"average_reward": 2.5, "best_reward": 4.0}
    assert complete(figures, current_reward=1.0) == {"average_reward": 2.0, "best_reward": 4.0}
    assert complete(figures, current_reward=1.0, best_reward=9.0) == {"average_reward": 1.75}


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=250))
def test_the_average_is_of_the_last_hundred(rewards: list[float]) -> None:
    figures = Figures()
    for reward in rewards:
        derived = complete(figures, current_reward=reward)
    newest = rewards[-WINDOW:]
    assert derived["average_reward"] == fsum(newest) / len(newest)
    assert derived["best_reward"] == max(rewards)


@pytest.mark.parametrize(
    ("usual", "name"),
    [
        ("reward", "current_reward"),
        ("episode_reward", "current_reward"),
        ("rollout/ep_rew_mean", "current_reward"),
        ("episodic_return", "current_reward"),
        ("loss", "loss_value"),
        ("train/loss", "loss_value"),
        ("policy_loss", "loss_value"),
        ("lr", "learning_rate"),
        ("train/learning_rate", "learning_rate"),
        ("rollout/ep_len_mean", "episode_length"),
    ],
)
def test_the_usual_names_feed_the_graphs(usual: str, name: str) -> None:
    assert complete(Figures(), **{usual: 2.5})[name] == 2.5


def test_the_graphs_own_name_counts_before_the_usual_ones_and_these_in_order() -> None:
    assert complete(Figures(), loss=1.0, loss_value=2.0) == {}
    assert complete(Figures(), policy_loss=3.0, loss=1.0) == {"loss_value": 1.0}


def test_a_usual_average_is_not_worked_out() -> None:
    derived = complete(Figures(), reward=1.0, mean_reward=7.0)
    assert derived == {"current_reward": 1.0, "average_reward": 7.0, "best_reward": 1.0}


def test_the_win_rate_is_a_fraction_of_those_that_tell() -> None:
    figures = Figures()
    assert complete(figures, success=True) == {"win_rate": 1.0}
    assert complete(figures, won=0) == {"win_rate": 0.5}
    assert complete(figures, success="maybe") == {"win_rate": 0.5}
    assert complete(figures, success=False, win_rate=0.9) == {}
    assert complete(Figures(), success=None) == {}


def test_rewards_too_large_to_add_give_no_average() -> None:
    figures = Figures()
    complete(figures, current_reward=1.7e308)
    assert complete(figures, current_reward=1.7e308) == {"best_reward": 1.7e308}
