"""``python -m tests.bench``: measure in one run and write the tables of docs/performance.md.

Each part's tables are written as soon as it is done; a part that fails leaves its old tables, is named at the
end, and makes the exit status 1.
"""

import argparse
import shlex
import sys
import time
import traceback
from pathlib import Path

from tests.bench.effort import FULL, Effort
from tests.bench.machine import allow_files, described
from tests.bench.parts import PARTS, part
from tests.bench.table import DOCUMENT, put


def main() -> None:
    given = arguments()
    allow_files(20_000)
    failed = [name for name in given.only or PARTS if not run(name, given.effort, given.document)]
    if failed:
        sys.exit(f"these parts failed, and their tables are as they were: {', '.join(failed)}")


def arguments() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    efforts = asked.add_mutually_exclusive_group()
    for effort in Effort:
        efforts.add_argument(
            f"--{effort.value}", dest="effort", action="store_const", const=effort, default=FULL
        )
    asked.add_argument("--document", type=Path, help="where the tables go; by default docs/performance.md")
    asked.add_argument("--dry", action="store_true", help="print the tables, write nothing")
    given = asked.parse_args()
    if given.dry or (given.document is None and given.effort is not FULL):
        given.document = None  # what a short run finds is no figure for the document
    elif given.document is None:
        given.document = DOCUMENT
    return given


def run(name: str, effort: Effort, document: Path | None) -> bool:
    """Measure one part, print its tables and write them; False if it failed."""
    began = time.monotonic()
    try:
        tables = part(name).measure(effort)
    except Exception:  # noqa: BLE001 - the others are still to be measured; it is told at the end
        traceback.print_exc()
        return False
    for table in tables:
        table.note = "\n\n".join(filter(None, (table.note, stamp(name, effort))))
        print(f"\n{table.name}\n\n{table.markdown()}\n")
    if document is not None:
        document.write_text(put(document.read_text(), tables))
    print(f"{name} took {time.monotonic() - began:.0f} s\n", flush=True)
    return True


def stamp(name: str, effort: Effort) -> str:
    """Return the line below a table: when, where, and the command that measures it again."""
    command = ["python", "-m", "tests.bench", "--only", name]
    if effort is not FULL:
        command.append(f"--{effort.value}")
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return f"*{day}, {described()}: `{shlex.join(command)}`*"


if __name__ == "__main__":
    main()
