"""Children of the bench: started on a core, spoken to in lines of JSON, ended in every case."""

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.machine import children_on
from tests.harness.servers import environment

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A module of the bench (or, with ``by``, a program or a script) run as a process of its own.

    It reads commands and writes answers, one JSON object a line. An answer that does not come in time ends
    the bench, and leaving the context ends the child. ``more`` is added to its environment.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        core: int | None = None,
        data_dir: Path | None = None,
        by: Sequence[str] = (sys.executable, "-P", "-m"),
        more: Mapping[str, str] | None = None,
    ) -> None:
        with children_on(core):
            self.process = subprocess.Popen(
                [*by, module, *arguments],
                cwd=ROOT,
                env=environment(data_dir or Path("/nonexistent"), **(more or {})),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
        self.module = module

    @property
    def pid(self) -> int:
        return self.process.pid

    def say(self, **command: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def hear(self, deadline: float = 60.0) -> dict[str, Any]:
        """Return the next answer; TimeoutError after ``deadline`` seconds, EOFError if the child ended."""
        assert self.process.stdout is not None
        end = time.monotonic() + deadline
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(max(0.0, end - time.monotonic())):
                raise TimeoutError(f"{self.module} said nothing for {deadline} s")
        line = self.process.stdout.readline()
        if not line:
            raise EOFError(f"{self.module} ended with {self.process.wait(10)}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, deadline: float = 60.0, **command: Any) -> dict[str, Any]:
        self.say(**command)
        return self.hear(deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self.process)


def end(process: "subprocess.Popen[Any]", patience: float = 5.0) -> None:
    """End a child: politely, then for certain."""
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(patience)
    if process.stdout is not None:
        process.stdout.close()
