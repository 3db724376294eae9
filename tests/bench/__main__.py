"""``python -m tests.bench``: measure in one run and write the tables of docs/performance.md.

Each part's tables are written as soon as it is done; a part that fails leaves its old tables, is named at the
end, and makes the exit status 1.
"""

import argparse
import shlex
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.bench import guard
from tests.bench.candidates import ON_REQUEST
from tests.bench.effort import Effort
from tests.bench.goals import goals
from tests.bench.machine import allow_files, commit, described
from tests.bench.parts import PARTS, part
from tests.bench.table import DOCUMENT, put


def main() -> None:
    given = arguments()
    allow_files(20_000)
    if given.guard:
        sys.exit(guard.main(given.effort, record=given.record))
    failed = [name for name in given.only or PARTS if not run(name, given.effort, given.document)]
    if failed:
        sys.exit(f"these parts failed, and their tables are as they were: {', '.join(failed)}")


def arguments(given_to: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for on the command line."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    sizes = asked.add_mutually_exclusive_group()
    sizes.add_argument(
        "--tiny", action="store_true", help="the least that shows that it works; writes nothing"
    )
    sizes.add_argument("--quick", action="store_true", help="a look of about three minutes; writes nothing")
    asked.add_argument(
        "--peers", type=peers, default=(), help=f"also measure some of these: {','.join(ON_REQUEST)}"
    )
    asked.add_argument("--document", type=Path, help="where the tables go; by default docs/performance.md")
    asked.add_argument("--dry", action="store_true", help="print the tables, write nothing")
    asked.add_argument("--guard", action="store_true", help="only compare our fan-out with the C program's")
    asked.add_argument("--record", action="store_true", help="with --guard: what is found is the new record")
    given = asked.parse_args(given_to)
    if given.record and (not given.guard or given.tiny or given.quick):
        asked.error("--record goes with --guard, and a short run finds no ratio to keep: leave out the size")
    given.effort = Effort("tiny" if given.tiny else "quick" if given.quick else "full", given.peers)
    if given.dry or (given.document is None and given.effort.size != "full"):
        given.document = None  # what a short run finds is no figure for the document
    elif given.document is None:
        given.document = DOCUMENT
    return given


def peers(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas; argparse tells who asks for one that there is not."""
    found = tuple(filter(None, text.split(",")))
    for name in found:
        if name not in ON_REQUEST:
            raise argparse.ArgumentTypeError(
                f"there is no {name!r}; on request there are {', '.join(ON_REQUEST)}"
            )
    return found


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
        text = put(document.read_text(), tables)
        document.write_text(put(text, [goals(text)]))
    print(f"{name} took {time.monotonic() - began:.0f} s\n", flush=True)
    return True


def stamp(name: str, effort: Effort) -> str:
    """Return the line below a table: when, where, and the command that measures it again."""
    command = ["python", "-m", "tests.bench", "--only", name]
    if effort.size != "full":
        command.append(f"--{effort.size}")
    if effort.peers:
        command += ["--peers", ",".join(effort.peers)]
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    state = f", {found}" if (found := commit()) else ""
    return f"*{day}, {described()}{state}: `{shlex.join(command)}`*"


if __name__ == "__main__":
    main()
