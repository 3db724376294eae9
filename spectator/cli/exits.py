"""Exit codes, and how what went wrong becomes one line for people."""

from __future__ import annotations

import os
import sys
import traceback
from enum import IntEnum
from typing import Callable

from spectator.cli.output import Output
from spectator.client.errors import NoServer, Refused, SpectatorError, Unreachable

TOLD = """Exit codes:
  0     done
  1     refused or failed; the message says why
  2     wrong arguments, or settings that cannot be used
  3     no server found, or it does not answer
  4     the server cannot start here (nothing installed, port or store in use)
  5     spectator doctor found something that does not work
  130   interrupted from the keyboard
"""


class Exit(IntEnum):
    """What a command ends with; ``TOLD`` explains them to people."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_SERVER = 3
    CANNOT_START = 4
    UNHEALTHY = 5
    INTERRUPTED = 130


class CommandError(Exception):
    """A command that cannot be done; the message is for people.

    Attributes:
        code: its stable name, for programs.
        exit: the exit code.
    """

    def __init__(self, code: str, message: str, exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
        self.exit = exit_code


def guarded(command: Callable[[], int], out: Output, *, debug: bool = False) -> int:
    """Run ``command``; tell what went wrong in one line, and return the exit code."""
    try:
        return command()
    except CommandError as error:
        out.error(error.code, str(error))
        return error.exit
    except Refused as error:
        out.error(error.code, error.message, field=error.field, retry_after=error.retry_after)
        return Exit.FAILED
    except (Unreachable, NoServer) as error:
        out.error("no_server", str(error))
        return Exit.NO_SERVER
    except (SpectatorError, ValueError) as error:
        out.error("invalid_request", str(error))
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _leave_stdout()
        return Exit.DONE
    except Exception as error:  # noqa: BLE001 the last line of defence: people get a sentence, never a stack
        if debug:
            traceback.print_exc()
        out.error("internal_error", f"{type(error).__name__}: {error}. This is a bug; --debug shows where.")
        return Exit.FAILED


def _leave_stdout() -> None:
    # Whoever read us (head, less) is gone; without this the interpreter complains while it flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
