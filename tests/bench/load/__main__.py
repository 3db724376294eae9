"""The load generator as a process: ``python -m tests.bench.load '{"host":..,"port":..,"dialect":..}'``.

Between orders it goes on reading, so that no server sees a slow crowd.
"""

import gc
import json
import os
import select
import sys

from tests.bench.load.crowd import Crowd
from tests.bench.load.order import Order


def main() -> None:
    crowd = Crowd(Order(**json.loads(sys.argv[1])))
    gc.disable()  # a pause of the measuring side would show as latency of the server
    orders = select.poll()
    orders.register(0, select.POLLIN)
    pending = b""
    while True:
        crowd.turn(0.02)
        if not orders.poll(0):
            continue
        read = os.read(0, 65_536)
        if not read:
            return
        *lines, pending = (pending + read).split(b"\n")
        for line in lines:
            print(json.dumps(crowd.obey(line.decode())), flush=True)


if __name__ == "__main__":
    main()
