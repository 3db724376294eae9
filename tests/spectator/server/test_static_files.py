"""The page's files: the right type, 304 when known, packed where it helps, and nothing else from the disk."""

import gzip
import os
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from spectator.server.problems import PageNotFound
from spectator.server.static_files import StaticFiles

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "static"
    for name, body in {
        "index.html": b"<!doctype html>",
        "js/app.js": SCRIPT,
        "picture.png": b"\x89PNG" + bytes(2000),
        "package.json": b"{}",
        "node_modules/x/index.js": b"evil",
        "types/x.js": b"types",
        ".hidden.js": b"hidden",
    }.items():
        path = files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    (tmp_path / "outside.js").write_bytes(b"outside")
    (files / "link.js").symlink_to(tmp_path / "outside.js")
    return files


async def test_a_file_with_its_type_and_tag(folder: Path) -> None:
    response = await StaticFiles(folder).respond(make_mocked_request("GET", "/"), "js/app.js")
    assert response.status == 200
    assert response.body == SCRIPT
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["ETag"].strip('"')
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Vary"] == "Accept-Encoding"


async def test_text_is_packed_for_those_who_take_it_and_pictures_are_not(folder: Path) -> None:
    files = StaticFiles(folder)
    packs = make_mocked_request("GET", "/", headers={"Accept-Encoding": "gzip, br"})
    script = await files.respond(packs, "js/app.js")
    assert script.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(bytes(script.body)) == SCRIPT  # type: ignore[arg-type]  # bytes here, never a payload
    picture = await files.respond(packs, "picture.png")
    assert "Content-Encoding" not in picture.headers
    assert picture.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("accepted", ["", "gzip"])
async def test_who_has_it_gets_304(folder: Path, accepted: str) -> None:
    files = StaticFiles(folder)
    headers = {"Accept-Encoding": accepted}
    tag = (await files.respond(make_mocked_request("GET", "/", headers=headers), "js/app.js")).headers["ETag"]
    again = make_mocked_request("GET", "/", headers={**headers, "If-None-Match": tag})
    response = await files.respond(again, "js/app.js")
    assert (response.status, response.body) == (304, None)
    assert response.headers["ETag"] == tag


async def test_packed_and_plain_have_tags_of_their_own(folder: Path) -> None:
    files = StaticFiles(folder)
    plain = await files.respond(make_mocked_request("GET", "/"), "js/app.js")
    packed = await files.respond(
        make_mocked_request("GET", "/", headers={"Accept-Encoding": "gzip"}), "js/app.js"
    )
    assert plain.headers["ETag"] != packed.headers["ETag"]


async def test_an_edit_shows_at_the_next_request(folder: Path) -> None:
    files = StaticFiles(folder)
    request = make_mocked_request("GET", "/")
    before = await files.respond(request, "js/app.js")
    (folder / "js/app.js").write_bytes(b"new")
    os.utime(folder / "js/app.js", ns=(1, 1))
    after = await files.respond(request, "js/app.js")
    assert after.body == b"new"
    assert after.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "js",
        "js/",
        "",
        "../outside.js",
        "js/../../outside.js",
        "/etc/passwd",
        "..\\outside.js",
        ".hidden.js",
        "package.json",
        "node_modules/x/index.js",
        "types/x.js",
        "link.js",
        "js/app.js/",
        "js//app.js",
        "a" * 300 + ".js",
    ],
)
async def test_nothing_else_is_there(folder: Path, name: str) -> None:
    with pytest.raises(PageNotFound):
        await StaticFiles(folder).respond(make_mocked_request("GET", "/"), name)


SOURCE = """/**
 * @typedef {number} Seconds
 */
// why this is so
export const answer = 42; // kept: it stands beside code
  /** @type {string} */
const text = "// no comment";
/* a plain block stays */ const more = `
 * no comment either`;
"""


async def test_types_for_the_checker_are_not_sent_and_lines_stay_where_they_are(tmp_path: Path) -> None:
    for name in ("app.js", "vendor/lib.js"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(SOURCE)
    files = StaticFiles(tmp_path)
    sent = (await files.text("app.js")).splitlines()
    assert len(sent) == len(SOURCE.splitlines())
    assert [line for line in sent if line.strip()] == [
        "export const answer = 42; // kept: it stands beside code",
        'const text = "// no comment";',
        "/* a plain block stays */ const more = `",
        " * no comment either`;",
    ]
    assert sent[4].startswith("export const answer")
    assert await files.text("vendor/lib.js") == SOURCE
