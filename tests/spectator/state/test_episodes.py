from typing import Any

from spectator.state.episodes import MOST, Episode, index


def indexed(*events: dict[str, Any]) -> list[Episode]:
    episodes: dict[str, Episode] = {}
    for seq, event in enumerate(events, 1):
        index(episodes, event, seq, seq * 1000)
    return list(episodes.values())


def start(name: Any, **more: Any) -> dict[str, Any]:
    return {"type": "episode_start", "episode_id": name, **more}


def steps(name: Any, count: int, **more: Any) -> dict[str, Any]:
    return {"type": "episode_steps", "episode_id": name, "from": 0, "steps": [{}] * count, **more}


def end(name: Any, **more: Any) -> dict[str, Any]:
    return {"type": "episode_end", "episode_id": name, **more}


def test_an_episode_is_found_by_its_events() -> None:
    [episode] = indexed(start(7), steps(7, 3), steps(7, 4), end(7, total_reward=1.5, length=7, reason="goal"))
    assert episode == Episode(7, 1, 4, 1000, True, 7, True, 1.5, 7, "goal")


def test_workers_have_episodes_of_their_own() -> None:
    first, second = indexed(start(1, source="a"), start(1, source="b"), end(1, source="a"))
    assert (first.ended, second.ended) == (False, True)


def test_an_identifier_that_comes_again_is_another_episode() -> None:
    [episode] = indexed(start(1), end(1), start(1), steps(1, 2))
    assert (episode.first, episode.ended, episode.steps) == (3, False, 2)
    [headless] = indexed(start(1), end(1), steps(1, 2))
    assert (headless.first, headless.whole) == (3, False)


def test_only_the_newest_are_known() -> None:
    assert [episode.episode_id for episode in indexed(*map(start, range(MOST + 5)))] == list(
        range(5, MOST + 5)
    )
