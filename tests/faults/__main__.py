"""``python -m tests.faults [--report] [--long] [NAME ...]``: run faults one by one, show what came of each.

With ``--report`` the tables go into docs/promised.md, between ``<!-- faults:short -->`` (``faults:long``) and
its ``/`` marker; without, they are printed only. Exit status 1 when a fault was not stood.
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
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from tests.faults.long import LONG
from tests.faults.outcome import Outcome, table
from tests.faults.short import SHORT
from tests.harness.servers import ROOT

PAGE = ROOT / "docs" / "promised.md"
Faults = Mapping[str, Callable[[Path], Awaitable[Outcome]]]


def main() -> int:
    """Run what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description="Run faults, show the counts."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join([*SHORT, *LONG])}")
    parser.add_argument("--long", action="store_true", help="run those that take minutes, too")
    parser.add_argument("--report", action="store_true", help="write the tables into docs/promised.md")
    asked = parser.parse_args()
    unknown = set(asked.names) - {*SHORT, *LONG}
    if unknown:
        parser.error(
            f"there is no fault {', '.join(sorted(unknown))}; there are {', '.join([*SHORT, *LONG])}"
        )
    logging.basicConfig(level=logging.WARNING)
    stood = True
    for part, faults in (("short", SHORT), ("long", LONG if asked.long or asked.names else {})):
        chosen = {name: run for name, run in faults.items() if not asked.names or name in asked.names}
        outcomes = [outcome for name, run in chosen.items() if (outcome := _run(name, run)) is not None]
        stood = stood and len(outcomes) == len(chosen)
        if outcomes:
            print(f"\n{table(outcomes)}")
        if asked.report and outcomes and len(outcomes) == len(faults):
            _write(part, table(outcomes))
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


def _write(part: str, told: str) -> None:
    """Replace what stands between the part's markers in docs/promised.md."""
    text = PAGE.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- faults:{part} -->\n).*?(<!-- /faults:{part} -->)", re.DOTALL)
    if not between.search(text):
        raise SystemExit(f"{PAGE} has no markers faults:{part} to write between")
    PAGE.write_text(between.sub(lambda found: f"{found[1]}{told}{found[2]}", text), encoding="utf-8")
    print(f"wrote the table {part} into {PAGE.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
