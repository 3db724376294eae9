"""Looking back, by HTTP."""

from typing import Any

import pytest

from tests.spectator.server.conftest import Site


def metrics(step: int) -> dict[str, Any]:
    return {
        "type": "training_metrics",
        "data": {"step": step, "loss": 1.0 / (step + 1), "current_reward": step},
    }


async def test_the_course_of_the_metrics(site: Site) -> None:
    made = await site.create()
    room = made["room"]["id"]
    await site.publish(room, *(metrics(step) for step in range(100)))
    grant = (await site.join(made["room"]["code"]))["token"]
    reply = await site.call("GET", f"/rooms/{room}/history?metrics=current_reward", token=grant)
    assert reply.status == 200
    assert list(reply.body["metrics"]) == ["current_reward"]
    series = reply.body["metrics"]["current_reward"]
    assert series["step"] == list(range(100))
    assert series["value"] == [float(step) for step in range(100)]
    assert len(series["time"]) == 100


async def test_thinned_keeps_extremes_and_the_last(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    await site.publish(room, *(metrics(step) for step in range(500)))
    path = f"/rooms/{room}/history?metrics=current_reward&max_points=20"
    series = (await site.call("GET", path, token="key")).body["metrics"]["current_reward"]
    assert len(series["value"]) <= 20
    assert {min(series["value"]), max(series["value"]), series["value"][-1]} == {0.0, 499.0}


async def test_a_part_by_steps(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    await site.publish(room, *(metrics(step) for step in range(50)))
    path = f"/rooms/{room}/history?metrics=current_reward&from_step=10&to_step=12"
    series = (await site.call("GET", path, token="key")).body["metrics"]["current_reward"]
    assert series["step"] == [10, 11, 12]


async def test_a_long_answer_is_packed_for_who_takes_it(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    await site.publish(room, *(metrics(step) for step in range(500)))
    path = f"/rooms/{room}/history"
    packed = await site.call("GET", path, token="key", Accept_Encoding="gzip")
    plain = await site.call("GET", path, token="key", Accept_Encoding="identity")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.body == plain.body
    assert int(packed.headers["Content-Length"]) < len(plain.raw) / 2


async def test_an_empty_room(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    assert (await site.call("GET", f"/rooms/{room}/history", token="key")).body["metrics"] == {}


@pytest.mark.parametrize(
    "query",
    ["max_points=0", "max_points=x", "from=yesterday", "from_step=nan", "nonsense=1", "max_points=1e9"],
)
async def test_a_wrong_query_is_refused_by_name(site: Site, query: str) -> None:
    room = (await site.create())["room"]["id"]
    reply = await site.call("GET", f"/rooms/{room}/history?{query}", token="key")
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert reply.body["field"] == query.partition("=")[0]


@pytest.mark.parametrize("path", ["history", "stream"])
async def test_strangers_and_askers_see_nothing(site: Site, path: str) -> None:
    made = await site.create(require_approval=True)
    code = made["room"]["code"]
    assert (await site.call("GET", f"/rooms/{code}/{path}")).code == "unauthorized"
    lobby = (await site.join(code))["token"]
    assert (await site.call("GET", f"/rooms/{code}/{path}", token=lobby)).code == "not_allowed"
    assert (await site.call("GET", f"/rooms/ZZZZZZ/{path}", token="key")).code == "room_not_found"
