from __future__ import annotations

import asyncio
import logging
from typing import Any, Coroutine, List, TypeVar

import pytest

from spectator.client.errors import Refused
from spectator.protocol.levels import AccessLevel, SpectatorMode
from spectator.protocol.metrics import MetricsData
from spectator.sessions.access import RoomAccessControl
from spectator.sessions.manager import SpectatorManager
from tests.spectator.client.fake_server import FakeServer, problem

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@pytest.fixture
def manager(fake: FakeServer) -> SpectatorManager:
    return SpectatorManager(fake.url, api_key="sk_local_x", game_server_url="http://localhost:4000")


def test_needs_no_loop_and_dials_nothing(fake: FakeServer, manager: SpectatorManager) -> None:
    assert manager.game_server_url == "http://localhost:4000"
    assert fake.calls == []


def test_a_session(fake: FakeServer, manager: SpectatorManager) -> None:
    session = run(
        manager.create_spectator_session(
            "t" * 80, SpectatorMode.COMPARISON, 5, session_duration_hours=2, password_protected=True
        )
    )
    assert fake.calls[0].json == {
        "name": "t" * 64,
        "training_session_id": "t" * 80,
        "mode": "comparison",
        "max_spectators": 5,
        "session_duration_hours": 2.0,
        "enable_metrics_overlay": True,
        "enable_performance_graphs": True,
        "enable_decision_visualization": True,
        "password_protected": True,
        "metadata": {"game_server_url": "http://localhost:4000"},
    }
    assert (session.room_password, session.max_spectators) == ("made-for-you", 5)
    assert session.overlay.session_id == session.session_id
    run(manager.cleanup())


def test_access_control_in_detail(fake: FakeServer, manager: SpectatorManager) -> None:
    control = RoomAccessControl(AccessLevel.PASSWORD, password="s3cret", max_spectators=3)
    run(manager.create_spectator_session("t", access_control=control, password_protected=True))
    told = fake.calls[0].json
    assert (told["password"], told["max_spectators"], told["access_level"]) == ("s3cret", 3, "password")
    assert "password_protected" not in told


def test_joining_and_leaving(fake: FakeServer, manager: SpectatorManager) -> None:
    async def work() -> Any:
        session = await manager.create_spectator_session("t")
        info = await manager.join_spectator_session(session.session_id, "Ada", None, "u1")
        await manager.leave_spectator_session(session.session_id, info)
        await manager.join_spectator_session(session.session_id, "Ada")
        await manager.leave_spectator_session(session.session_id, "v_2")
        with pytest.raises(ValueError, match="nobody joined"):
            await manager.leave_spectator_session(session.session_id, "v_2")
        return info

    info = run(work())
    assert info == {
        "status": "approved",
        "session_id": "r_0000000000000001",
        "room_code": "ABC235",
        "spectator_id": "v_2",
        "spectator_mode": "live_training",
        "training_session_id": "t",
        "metrics_overlay": True,
        "performance_graphs": True,
        "decision_visualization": True,
        "token": "gr_1",
        "ws_url": fake.url.replace("http", "ws") + "/ws/rooms/r",
    }
    assert len([call for call in fake.calls if call.path.endswith("/leave")]) == 2


def test_metrics_reach_the_room_and_the_callbacks(
    fake: FakeServer, manager: SpectatorManager, caplog: pytest.LogCaptureFixture
) -> None:
    seen: List[Any] = []

    async def patient(data: MetricsData) -> None:
        await asyncio.sleep(0)
        seen.append(data.episode)

    def broken(_: MetricsData) -> None:
        raise RuntimeError("a mistake of the caller's")

    async def work() -> None:
        session = await manager.create_spectator_session("t")
        for callback in (broken, patient, lambda data: seen.append(-data.episode)):
            manager.register_metrics_callback(session.session_id, callback)
        for episode in range(1, 4):
            await manager.update_training_metrics(session.session_id, MetricsData(episode=episode))
        await manager.cleanup()

    with caplog.at_level(logging.ERROR):
        run(work())
    assert seen == [1, -1, 2, -2, 3, -3]
    assert fake.metrics("episode") == [1, 2, 3]
    assert fake.life() == ["training_started", "training_finished"]
    assert caplog.text.count("RuntimeError: a mistake of the caller's") == 3


def test_a_callback_must_be_one(manager: SpectatorManager) -> None:
    with pytest.raises(TypeError):
        manager.register_metrics_callback("r_1", "call me")  # type: ignore[arg-type]  # the mistake


def test_a_session_without_overlay_sends_nothing(fake: FakeServer, manager: SpectatorManager) -> None:
    async def work() -> None:
        session = await manager.create_spectator_session("t", enable_metrics_overlay=False)
        await manager.update_training_metrics(session.session_id, MetricsData(episode=1))
        assert len(session.overlay.get_metrics_history()) == 1
        await manager.cleanup()

    run(work())
    assert fake.posts() == []


def test_a_session_of_another_process(fake: FakeServer, manager: SpectatorManager) -> None:
    async def work() -> None:
        session = await manager.create_spectator_session("t")
        other = SpectatorManager(fake.url, api_key="sk_local_x")
        await other.update_training_metrics(session.session_id, MetricsData(episode=7))
        info = await other.get_session_info(session.session_id)
        assert info is not None
        assert info["training_session_id"] == "t"
        await other.cleanup()

    run(work())
    assert fake.metrics("episode") == [7]


def test_what_is_known_of_sessions(fake: FakeServer, manager: SpectatorManager) -> None:
    async def work() -> None:
        session = await manager.create_spectator_session("t", password_protected=True)
        await SpectatorManager(fake.url, api_key="sk_local_x").create_spectator_session("somebody else's")
        fake.created[session.session_id]["current_spectators"] = 4
        info = await manager.get_session_info(session.session_id)
        assert info is not None
        assert info["current_spectators"] == session.current_spectators == 4
        assert "made-for-you" not in str(info)
        assert [one["session_id"] for one in await manager.list_active_sessions()] == [session.session_id]
        fake.created[session.session_id]["status"] = "ended"
        assert await manager.get_session_info(session.session_id) is None
        assert await manager.list_active_sessions() == []

    run(work())


def test_what_is_gone_is_none_and_other_trouble_is_raised(
    fake: FakeServer, manager: SpectatorManager
) -> None:
    fake.troubles.append(lambda call: problem(404, "room_not_found") if "r_9" in call.path else None)
    assert run(manager.get_session_info("r_9")) is None
    run(manager.close_session("r_9"))
    fake.troubles.append(lambda _: problem(401, "unauthorized"))
    with pytest.raises(Refused):
        run(manager.get_session_info("r_8"))
    with pytest.raises(Refused):
        run(manager.close_session("r_8"))


@pytest.mark.parametrize(("close", "deleted"), [(False, 0), (True, 2)])
def test_cleanup_leaves_the_rooms_unless_told(
    fake: FakeServer, manager: SpectatorManager, close: bool, deleted: int
) -> None:
    async def work() -> None:
        for name in ("a", "b"):
            session = await manager.create_spectator_session(name)
            await manager.update_training_metrics(session.session_id, MetricsData(episode=1))
        await manager.cleanup(close_rooms=close)

    run(work())
    assert len([call for call in fake.calls if call.method == "DELETE"]) == deleted
    assert fake.life().count("training_finished") == 2


def test_async_with_cleans_up(fake: FakeServer, manager: SpectatorManager) -> None:
    async def work() -> None:
        async with manager:
            session = await manager.create_spectator_session("t")
            await session.overlay.send_bot_decision_data({"a": 1.0})

    run(work())
    assert fake.life() == ["training_started", "training_finished"]
    assert len(fake.of_type("bot_decision")) == 1
