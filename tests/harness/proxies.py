"""The proxies that the examples stand behind: haproxy and nginx, as Debian has them.

``python -m tests.harness.proxies`` sees to it that they are there; ``make test`` calls it.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("haproxy", "nginx")
PACKAGES = {"haproxy": "haproxy", "nginx": "nginx-light"}
BESIDE_PATH = "/usr/sbin:/usr/local/sbin:/sbin"


def proxy(name: str) -> str:
    """Return the path of haproxy or nginx.

    Raises:
        FileNotFoundError: it is not installed; the message says how to get it.
    """
    found = shutil.which(name) or shutil.which(name, path=BESIDE_PATH)
    if found is None:
        raise FileNotFoundError(
            f"{name} is not installed: apt install {PACKAGES[name]}, or make test as root"
        )
    return found


def missing() -> list[str]:
    """Return those that are not installed."""
    return [name for name in NAMES if not (shutil.which(name) or shutil.which(name, path=BESIDE_PATH))]


def install(names: list[str]) -> None:
    """Install them where we may, without starting the services that the packages bring."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-q"], env=quiet, check=False)
    packages = [PACKAGES[name] for name in names]
    subprocess.run(
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], env=quiet, check=False
    )


def main() -> int:
    if missing():
        install(missing())
    if not missing():
        return 0
    print(
        f"The tests of the examples need {' and '.join(missing())} "
        "(Debian, Ubuntu: apt install haproxy nginx-light), then run make test again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
