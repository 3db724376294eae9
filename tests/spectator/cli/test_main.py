import subprocess
import sys

from spectator.cli import main
from tests.harness.servers import environment
from tests.harness.terminal import spectator_command


def test_python_m_spectator_is_the_command(tmp_path):
    done = spectator_command(tmp_path, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: spectator")


def test_a_command_ends_with_its_exit_code(tmp_path, capsys):
    assert main(["status", "--data", str(tmp_path)]) == 3
    assert "No server is running" in capsys.readouterr().out


def test_an_old_python_is_told_what_serving_needs(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    assert main(["serve"]) == 4
    assert "needs Python 3.11" in capsys.readouterr().err


def test_the_terminal_loads_nothing_of_the_server(tmp_path):
    script = (
        "import sys; from spectator.cli import main; main(['status'])\n"
        "print([name for name in ('aiohttp', 'redis', 'pydantic', 'msgspec') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
