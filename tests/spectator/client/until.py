"""Waiting for a condition, on any Python from 3.8 on (`tests.harness` needs a younger one)."""

from __future__ import annotations

import time
from typing import Any, Callable


def until(condition: Callable[[], Any], deadline: float = 60.0) -> Any:
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"still {value!r} after {deadline} s"
        time.sleep(0.005)
