from typing import Any

import pytest

from spectator.overlay import (
    DEFAULT_GRAPHS,
    Graph,
    InvalidGraphs,
    effective_graphs,
    graph_config,
    graph_update,
    read_graphs,
)

OWN = {"graph_id": "mine", "metrics": ["a", "b"], "title": "Mine", "y_label": "y", "max_points": 50}


def test_the_five_graphs_are_there_and_say_what_they_show() -> None:
    assert [graph.graph_id for graph in DEFAULT_GRAPHS] == [
        "reward_progress",
        "win_rate",
        "episode_length",
        "learning_metrics",
        "performance_stats",
    ]
    assert all(graph.title and graph.y_label and graph.max_points == 1_000 for graph in DEFAULT_GRAPHS)


def test_default_graphs_pass_as_an_owners_own() -> None:
    assert read_graphs(graph_config(DEFAULT_GRAPHS)["graphs"]) == DEFAULT_GRAPHS


def test_an_owner_configures_others() -> None:
    assert read_graphs([OWN]) == (Graph("mine", "Mine", "y", ("a", "b"), 50),)
    assert read_graphs([{"graph_id": "g", "metrics": ["a"]}]) == (Graph("g", "g", "", ("a",)),)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (5, "graphs"),
        ([5], "graphs[0]"),
        ([OWN, {**OWN, "graph_id": ""}], "graphs[1].graph_id"),
        ([{**OWN, "metrics": [5]}], "graphs[0].metrics[0]"),
        ([OWN, OWN], "graphs"),
    ],
)
def test_a_malformed_graph_names_its_place(value: Any, field: str) -> None:
    with pytest.raises(InvalidGraphs) as error:
        read_graphs(value)
    assert error.value.field == field


def test_published_graphs_replace_and_add() -> None:
    published = {"type": "graph_config", "graphs": [{**OWN, "graph_id": "win_rate"}, OWN]}
    drawn = effective_graphs(DEFAULT_GRAPHS, published)
    assert [graph.graph_id for graph in drawn] == [*(graph.graph_id for graph in DEFAULT_GRAPHS), "mine"]
    assert drawn[1].metrics == ("a", "b")
    assert effective_graphs(DEFAULT_GRAPHS, {"graphs": 5}) == DEFAULT_GRAPHS
    assert effective_graphs((), None) == ()


def test_points_of_a_metrics_event_reach_its_graphs() -> None:
    event = {
        "type": "training_metrics",
        "timestamp": "T",
        "data": {"reward": 85.5, "loss_value": 0.5, "x": "y"},
    }
    derived = {"current_reward": 85.5, "average_reward": 72.3}
    assert graph_update(event, derived, DEFAULT_GRAPHS) == {
        "type": "graph_update",
        "graphs": [
            {
                "graph_id": "reward_progress",
                "timestamp": "T",
                "data_points": {"current_reward": 85.5, "average_reward": 72.3},
            },
            {"graph_id": "learning_metrics", "timestamp": "T", "data_points": {"loss_value": 0.5}},
        ],
    }


def test_other_events_make_no_points() -> None:
    for event in ({"type": "log", "message": "a"}, {"type": "training_metrics", "data": {"other": 1}}):
        assert graph_update(event, {}, DEFAULT_GRAPHS) is None
