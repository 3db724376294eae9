"""Tells a callback who asks to come in, in a thread of its own: it may ask a person and take its time."""

from __future__ import annotations

import threading
import traceback
from typing import Callable, List, Set

from spectator.client.people import JoinRequest
from spectator.client.stderr import Speaker


class Doorbell:
    """Rung whenever somebody waits; calls back once for each who asks."""

    def __init__(
        self,
        ask: Callable[[], List[JoinRequest]],
        callback: Callable[[JoinRequest], object],
        speaker: Speaker,
    ) -> None:
        """Call ``callback`` with each new request that ``ask`` returns; what it raises is printed."""
        self._ask = ask
        self._callback = callback
        self._speaker = speaker
        self._rung = threading.Event()
        self._seen: Set[str] = set()
        threading.Thread(target=self._run, name="spectator-requests", daemon=True).start()

    def ring(self) -> None:
        """Say that somebody waits."""
        self._rung.set()

    def _run(self) -> None:
        while True:
            self._rung.wait()
            self._rung.clear()
            waiting = [request for request in self._ask() if request.status == "pending_approval"]
            new = [request for request in waiting if request.id not in self._seen]
            self._seen = {request.id for request in waiting}
            for request in new:
                self._call(request)

    def _call(self, request: JoinRequest) -> None:
        try:
            self._callback(request)
        except Exception:  # noqa: BLE001 - the caller's mistake must not end the telling of the next request
            self._speaker.say("the callback of on_request failed:", traceback.format_exc().rstrip())
