"""The command ``spectator``: each command is a module of its own, loaded when it is called for.

Exit codes, the same for all commands: see ``TOLD`` in ``spectator.cli.exits``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import List, Optional

from spectator.cli.arguments import parser
from spectator.cli.exits import Exit, guarded
from spectator.cli.output import Output

__all__ = ["main"]


def main(argv: Optional[List[str]] = None) -> int:
    """Run one command and return its exit code; wrong arguments end the process with code 2."""
    arguments = parser().parse_args(sys.argv[1:] if argv is None else argv)
    out = Output(as_json=arguments.json)
    if sys.version_info < (3, 11) and arguments.needs_server:
        out.error("needs_python", f"spectator {arguments.command} needs Python 3.11 or later.")
        return Exit.CANNOT_START
    module, function = arguments.run.split(":")
    # By name, so that `spectator --help` and the trainer's commands load nothing of the server.
    return guarded(
        lambda: getattr(import_module(module), function)(arguments, out), out, debug=arguments.debug
    )
