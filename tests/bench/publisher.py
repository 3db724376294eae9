"""A trainer: opens a room with the client library and logs as it is told on stdin.

An order is a line of JSON, ``{"rate", "seconds", "jitter"}``; the answer comes when all is logged.
"""

import json
import random
import sys
import time

import spectator
from tests.bench.payload import values


def main() -> None:
    room = spectator.open_room("bench", max_spectators=10_000, quiet=True, wait=20)
    print(json.dumps({"id": room.id, "code": room.code}), flush=True)
    step = 0
    for line in sys.stdin:
        order = json.loads(line)
        began = time.monotonic()
        count = int(order["rate"] * order["seconds"])
        late = 0.0
        for number in range(count):
            spread = random.uniform(-0.5, 0.5) if order.get("jitter") else 0.0
            due = began + (number + 0.5 + spread) / order["rate"]
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            late = max(late, -pause)
            step += 1
            room.log(values(step), step=step)
        print(json.dumps({"sent": count, "dropped": room.dropped, "late": late}), flush=True)
    room.close_room()


if __name__ == "__main__":
    main()
