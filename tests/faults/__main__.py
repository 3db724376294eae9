"""``python -m tests.faults [--report] [--long] [NAME ...]``: run faults one by one, show what came of each.

With ``--report`` each fault that was stood is written into docs/promised.md: its row of the table between
``<!-- faults:short -->`` (``faults:long``) and the ``/`` marker, and the cell between
``<!-- measured: NAME -->`` and ``<!-- / -->``. Exit status 1 when a fault was not stood.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from tests.faults.long import LONG, soak
from tests.faults.outcome import Outcome, table
from tests.faults.short import SHORT
from tests.harness.servers import ROOT

PAGE = ROOT / "docs" / "promised.md"


def main() -> int:
    """Run what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description="Run faults, show the counts."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join([*SHORT, *LONG])}")
    parser.add_argument("--long", action="store_true", help="run those that take minutes, too")
    parser.add_argument("--report", action="store_true", help="write the tables into docs/promised.md")
    parser.add_argument("--soak-s", type=float, default=soak.SECONDS, help="seconds of the soak")
    asked = parser.parse_args()
    unknown = set(asked.names) - {*SHORT, *LONG}
    if unknown:
        parser.error(
            f"there is no fault {', '.join(sorted(unknown))}; there are {', '.join([*SHORT, *LONG])}"
        )
    logging.basicConfig(level=logging.WARNING)
    stood = True
    long = {**LONG, "soak": partial(soak.run, seconds=asked.soak_s)} if asked.long or asked.names else {}
    for part, faults in (("short", SHORT), ("long", long)):
        outcomes = {}
        for name, run in faults.items():
            if asked.names and name not in asked.names:
                continue
            outcome = _run(name, run)
            stood = stood and outcome is not None
            if outcome is not None:
                outcomes[name] = outcome
                if asked.report:
                    _write(part, name, outcome)
        if outcomes:
            print(f"\n{table(outcomes.values())}")
    return 0 if stood else 1


def _run(name: str, run: Callable[[Path], Awaitable[Outcome]]) -> Outcome | None:
    """One fault in a folder of its own; None when it was not stood, which is said."""
    print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="fault-", ignore_cleanup_errors=True) as folder:
            outcome = asyncio.run(run(Path(folder)))
    except Exception:  # noqa: BLE001 - shown, and the others run all the same
        print("FAILED", file=sys.stderr)
        traceback.print_exc()
        return None
    took = time.monotonic() - began
    print(f"{took:.0f} s{', ' if outcome.note else ''}{outcome.note}", file=sys.stderr)
    return outcome


def _write(part: str, name: str, outcome: Outcome) -> None:
    """Put one fault into docs/promised.md at once: the run of all takes half an hour, and may be ended."""
    text = PAGE.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- faults:{part} -->\n)(.*?)(<!-- /faults:{part} -->)", re.DOTALL)
    cell = re.compile(rf"(<!-- measured: {re.escape(name)} -->).*?(<!-- / -->)")
    if not between.search(text) or not cell.search(text):
        raise SystemExit(f"{PAGE} has no markers faults:{part} or measured: {name} to write between")
    text = between.sub(lambda found: found[1] + with_row(found[2], outcome) + found[3], text)
    PAGE.write_text(cell.sub(lambda found: found[1] + outcome.brief + found[2], text), encoding="utf-8")


def with_row(told: str, outcome: Outcome) -> str:
    """A table with this outcome's row in place of the one its fault had, or at its end."""
    head, row = table([outcome]).splitlines()[:2], table([outcome]).splitlines()[2]
    rows = told.splitlines()[2:]
    before = f"| {outcome.fault} |"
    if any(one.startswith(before) for one in rows):
        rows = [row if one.startswith(before) else one for one in rows]
    else:
        rows.append(row)
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
