"""Whatever a stranger calls a room, its file lies where it was meant to lie and bears a name one can see."""

import random
import unicodedata
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote

import pytest

from spectator.protocol.filenames import LONGEST, attachment, safe_stem
from tests.harness.hostile import ACCEPTED, REFUSED

EVERYTHING = {**ACCEPTED, **REFUSED}


def check(stem: str) -> None:
    assert stem
    assert not set(stem) & set('<>:"/\\|?*')
    assert not [char for char in stem if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co"}]
    assert stem[0] not in ".-~ "
    assert stem[-1] not in ". "
    assert len(stem.encode()) <= LONGEST + 1
    assert Path(f"{stem}.csv").name == f"{stem}.csv"


@pytest.mark.parametrize("name", EVERYTHING.values(), ids=EVERYTHING)
def test_a_hostile_name_becomes_a_plain_one(name: str, tmp_path: Path) -> None:
    stem = safe_stem(name, "export")
    check(stem)
    (tmp_path / f"{stem}.csv").write_text("x")
    assert [one.name for one in tmp_path.iterdir()] == [f"{stem}.csv"]


def test_any_name_does() -> None:
    chance = random.Random(20240115)
    kinds = [
        "./\\- ",
        "abC1",
        "\u202e\u200d\x00\n",
        "\u00e9\u0301\u4e00\U0001f9ea\ud800",
        "con.aux",
        "\u00b9\u2028\ue000",
    ]
    for _ in range(5000):
        letters = "".join(chance.sample(kinds, chance.randint(1, 4)))
        check(safe_stem("".join(chance.choice(letters) for _ in range(chance.randint(0, 150))), "export"))


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cartpole-dqn", "cartpole-dqn"),
        ("été 2024", "été 2024"),
        ("日本語", "日本語"),
        ("CON", "_CON"),
        ("con.tar.gz", "_con.tar.gz"),
        ("Com¹", "_Com¹"),
        ("console", "console"),
        ("..", "export"),
        ("", "export"),
        ("///", "export"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("-rf", "rf"),
        ("name. . .", "name"),
        ("a\u202egnp.exe", "agnp.exe"),
    ],
)
def test_what_becomes_of_a_name(name: str, stem: str) -> None:
    assert safe_stem(name, "export") == stem


@pytest.mark.parametrize("name", EVERYTHING.values(), ids=EVERYTHING)
def test_a_header_says_it_twice_and_is_one_line(name: str) -> None:
    filename = f"{safe_stem(name, 'export')}.csv"
    header = attachment(filename)
    assert header.isascii()
    assert header.isprintable()
    message = EmailMessage()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    assert unquote(header.partition("filename*=UTF-8''")[2]) == filename
    plain = header.partition('filename="')[2].partition('"')[0]
    assert plain.endswith(".csv")
    assert not set(plain) & set('"\\/%;')
