"""``python -m tests.bench``: measure everything in one run and write the tables of docs/performance.md."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    bench_decode,
    fan_out,
    hidden_rooms,
    joins,
    log_call,
    memory,
    publish,
    training_loop,
    wrong_passwords,
)
from tests.bench.effort import FULL, TINY, Effort
from tests.bench.machine import allow_files, described
from tests.bench.table import DOCUMENT, Table, put

PARTS: dict[str, Callable[[Effort], list[Table]]] = {
    "log-call": log_call.measure,
    "training-loop": training_loop.measure,
    "decode": lambda _: [bench_decode.events_table(), bench_decode.pictures_table()],
    "publish": publish.measure,
    "fan-out": fan_out.measure,
    "memory": memory.measure,
    "joins": joins.measure,
    "wrong-passwords": wrong_passwords.measure,
    "hidden-rooms": hidden_rooms.measure,
}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    arguments.add_argument("--tiny", action="store_true", help="the smallest run: shows that the bench works")
    arguments.add_argument("--document", type=Path, default=DOCUMENT, help="where the tables go")
    arguments.add_argument("--dry", action="store_true", help="print the tables, write nothing")
    given = arguments.parse_args()
    allow_files(20_000)
    tables = []
    for name in given.only or PARTS:
        tables += PARTS[name](TINY if given.tiny else FULL)
    if not given.only:
        day = time.strftime("%Y-%m-%d", time.gmtime())
        tables.append(Table("machine", ("measured on", "day"), [(described(), day)]))
    for table in tables:
        print(f"\n{table.name}\n\n{table.markdown()}")
    if not given.dry:
        given.document.write_text(put(given.document.read_text(), tables))


if __name__ == "__main__":
    main()
