from __future__ import annotations

import io
import threading
from typing import Dict, List

from spectator.client.doorbell import Doorbell
from spectator.client.people import JoinRequest
from spectator.client.stderr import Speaker
from tests.spectator.client.until import until


def request(request_id: str, status: str = "pending_approval") -> JoinRequest:
    told: Dict[str, str] = {"id": request_id, "name": request_id, "status": status}
    return JoinRequest.read(told, lambda _: True, lambda _: True)


def test_calls_once_for_each_who_asks() -> None:
    waiting = [request("q_1"), request("q_0", "approved")]
    heard: List[str] = []
    bell = Doorbell(lambda: list(waiting), lambda one: heard.append(one.id), Speaker(quiet=True))
    bell.ring()
    until(lambda: heard == ["q_1"])
    waiting.append(request("q_2"))
    bell.ring()
    until(lambda: heard == ["q_1", "q_2"])


def test_who_asks_again_after_an_answer_is_told_again() -> None:
    waiting = [request("q_1")]
    heard: List[str] = []
    looked = threading.Event()

    def ask() -> List[JoinRequest]:
        looked.set()
        return list(waiting)

    bell = Doorbell(ask, lambda one: heard.append(one.id), Speaker(quiet=True))
    for found in ([request("q_1")], [], [request("q_1")]):
        waiting[:] = found
        looked.clear()
        bell.ring()
        assert looked.wait(5)
    until(lambda: heard == ["q_1", "q_1"])


def test_a_callback_that_fails_is_shown_and_does_not_end_it() -> None:
    said = io.StringIO()
    heard: List[str] = []

    def callback(one: JoinRequest) -> None:
        heard.append(one.id)
        raise RuntimeError("no such person")

    bell = Doorbell(lambda: [request("q_1"), request("q_2")], callback, Speaker(stream=lambda: said))
    bell.ring()
    until(lambda: heard == ["q_1", "q_2"])
    until(lambda: said.getvalue().count("RuntimeError: no such person") == 2)
