"""What the machine is, and what a process costs it: cores, CPU time, memory."""

import contextlib
import os
import platform
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


def cores() -> list[int]:
    """Return the numbers of the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


SERVER_CORE, LOAD_CORE = cores()[0], cores()[-1]


@contextlib.contextmanager
def children_on(core: int | None) -> Iterator[None]:
    """Let the processes started inside run on one core only; None: wherever they like."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """Return user + system time of a process so far.

    ``schedstat`` counts nanoseconds; ``stat`` (the fallback) ticks of 10 ms, too coarse for small loads.
    """
    with contextlib.suppress(OSError):
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working folder is in ``folder``: a detached store has no other tie to us."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended, or is not ours to look at
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
    return found


def allow_files(wanted: int) -> int:
    """Raise the limit of open files towards ``wanted``; return what it is now. Children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def commit() -> str:
    """Return which state of the code is measured, as ``1a2b3c4`` (``+`` when files were changed since).

    Empty where there is no repository.
    """
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            [*git, "diff", "--quiet", "HEAD", "--", ":/rooms", ":/spectator"], check=False
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changed.returncode else "")


def described() -> str:
    """Return one line: cores, processor, system, Python."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    words = {1: "one", 2: "two", 4: "four", 8: "eight"}
    count = len(cores())
    return (
        f"a shared {words.get(count, count)}-core machine ({model}, "
        f"{platform.system()}, Python {platform.python_version()})"
    )
