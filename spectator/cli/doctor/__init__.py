"""``spectator doctor``: look at everything between a training script and its viewers, and explain it."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List

from spectator.cli.doctor import folder, machine, measuring, server
from spectator.cli.doctor.findings import PROBLEM, Finding, count, verdict
from spectator.cli.exits import Exit
from spectator.cli.finding import environment
from spectator.cli.output import Output

__all__ = ["doctor"]


def doctor(arguments: argparse.Namespace, out: Output) -> int:
    """Look, measure, explain; exit code 5 where something does not work, 3 where there is no server."""
    told = environment(arguments)
    findings: List[Finding] = []
    figures: Dict[str, Any] = {}

    def tell(*more: Finding) -> None:
        for finding in more:
            findings.append(finding)
            out.line(finding.as_text())

    out.line("This machine")
    tell(*machine.look(told))
    out.line("\nThe data folder")
    tell(*folder.look(told.data_dir))
    out.line("\nThe server")
    found, looked = server.find(told)
    tell(*looked)
    if found is not None:
        tell(*server.ask(found))
        opens = told.mode == "online" and told.rank == 0  # else open_room does nothing
        if found.api.has_credential and opens and not arguments.no_room:
            out.line(f"\nFrom a script to a viewer (measured for {arguments.seconds:g} seconds)")
            measured, taken = measuring.look(found.api, arguments.seconds)
            tell(*measured)
            figures = taken.figures()
    out.line("")
    _end(findings, figures, out)
    if found is None:
        return Exit.NO_SERVER
    return Exit.UNHEALTHY if count(findings)[0] else Exit.DONE


def _end(findings: List[Finding], figures: Dict[str, Any], out: Output) -> None:
    answer = {
        "healthy": not any(finding.level == PROBLEM for finding in findings),
        "findings": [finding.as_json() for finding in findings],
        "measured": figures,
    }
    out.result(answer, verdict(findings))
