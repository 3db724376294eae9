"""The promises of docs/security.md: each names tests, and every test that is named exists."""

import ast
import re

import pytest

from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
PROMISES = [
    part.strip()
    for part in re.split(
        r"^- ", TEXT[TEXT.index("## Sentences") : TEXT.index("## For operators")], flags=re.MULTILINE
    )[1:]
]
TEST = re.compile(r"`(tests/[\w./-]+\.py)::([\w:]+)`")


def names(path: str) -> set[str]:
    """The tests of a module, those of a class with its name before them."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, FUNCTIONS)}
        elif isinstance(node, FUNCTIONS):
            found.add(node.name)
    return found


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda text: text.partition("\n")[0][:60])
def test_every_promise_names_tests_that_there_are(promise: str) -> None:
    named = TEST.findall(promise)
    assert named, "a promise without a test is a hope"
    missing = [f"{path}::{name}" for path, name in named if name not in names(path)]
    assert not missing


def test_there_are_promises() -> None:
    assert len(PROMISES) > 30


def test_whoever_finds_a_hole_is_told_where_to_go() -> None:
    told = (ROOT / ".github" / "SECURITY.md").read_text()
    assert "Report a vulnerability" in told
    assert (ROOT / ".github" / re.findall(r"\]\(([^)]+)\)", told)[0]).exists()
