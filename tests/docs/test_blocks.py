import re
import shlex
import signal
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, blocks, documents
from tests.harness.servers import ServerProcess, environment
from tests.harness.terminal import spectator_started

PICTURES = {"docs/architecture.md"}  # whose blocks without a language are drawings
CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{6}\b")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def normalised(text: str) -> str:
    """Return a printed text with its code and port as the documents write them."""
    return CODE.sub("ABC234", ADDRESS.sub("http://127.0.0.1:8000", text))


def test_every_block_is_of_a_kind_that_is_run_or_compared():
    for block in blocks("", "python", "sh", "text"):
        assert block.language or block.place.rpartition(":")[0] in PICTURES, f"{block.place} has no language"
    fences = sum(path.read_text().count("\n```") for path in documents())
    assert fences == 2 * len(blocks("", "python", "sh", "text"))


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_script_runs_and_prints_what_is_written(block: Block, server: ServerProcess, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-P", "-c", block.text],
        env=environment(server.data_dir),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    if block.printed is not None:
        assert normalised(done.stderr) == block.printed


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
@pytest.mark.timeout(300)
def test_commands_do_what_is_written(block: Block, server: ServerProcess, tmp_path: Path):
    for line in block.text.splitlines():
        words = shlex.split(line)
        if words[0] == "pip":
            install(words, tmp_path)
        elif words[0] == "make":
            # Run for real by .ci/run and by whoever reads this; here: that the target is there.
            subprocess.run(["make", "--dry-run", *words[1:]], cwd=ROOT, check=True, capture_output=True)
        elif words[:2] == ["spectator", "demo"]:
            demo(words[1:], block, tmp_path / "data")
        else:
            shell(line, server)


def shell(line: str, server: ServerProcess) -> None:
    told = environment(server.data_dir)
    told["PATH"] = f"{Path(sys.executable).parent}:{told['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        env=told,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def demo(words: list[str], block: Block, data_dir: Path) -> None:
    assert block.printed is not None
    expected = block.printed.splitlines(keepends=True)
    with spectator_started(data_dir, *words) as started:
        assert started.stdout is not None
        assert [normalised(started.stdout.readline()) for _ in expected] == expected
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=30)
        assert started.returncode == 0


def install(words: list[str], folder: Path) -> None:
    """Install the wheel of this tree under the name that is written, and run its command."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name, _, extra = words[-1].rstrip("]").partition("[")
    assert words[:2] == ["pip", "install"]
    assert name == project["name"]
    assert extra in project["optional-dependencies"]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    venv.create(folder / "venv", with_pip=True)
    (wheel,) = folder.glob("*.whl")
    inside = folder / "venv" / "bin"
    # What it depends on is this environment's already, and was installed from the same names.
    subprocess.run([inside / "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    done = subprocess.run(
        [inside / "spectator", "--help"], capture_output=True, text=True, check=True, cwd=folder
    )
    assert "Rooms in which people watch training happen." in done.stdout
    page = next((folder / "venv").glob("lib/*/site-packages/spectator/_static/index.html"))
    assert page.stat().st_size > 0
