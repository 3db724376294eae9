"""Who makes the events, the same for every server: it publishes as it is told on stdin.

Without an argument it is a trainer, who opens a room with the client library and logs; with a port it writes
each event as a line to one connection, which is how the peers get theirs. An order is a line of JSON,
``{"rate", "seconds", "jitter"}``; the answer comes when all is published.
"""

import json
import random
import socket
import sys
import time
from collections.abc import Callable

import spectator
from tests.bench.payload import text, values


def main() -> None:
    if len(sys.argv) > 1:
        with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            print(json.dumps({}), flush=True)
            obey(lambda step: line.sendall(text(step).encode() + b"\n"), lambda: 0)
        return
    room = spectator.open_room("bench", max_spectators=10_000, quiet=True, wait=20)
    print(json.dumps({"id": room.id, "code": room.code}), flush=True)
    obey(lambda step: room.log(values(step), step=step), lambda: room.dropped)
    room.close_room()


def obey(publish: Callable[[int], None], dropped: Callable[[], int]) -> None:
    """Publish as ordered; steps count from 1 over all orders."""
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
            publish(step)
        print(json.dumps({"sent": count, "dropped": dropped(), "late": late}), flush=True)


if __name__ == "__main__":
    main()
