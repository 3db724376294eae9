import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from spectator.state import State
from spectator.state.codec import BEFORE, VERSION, UnreadableCheckpoint, decode, encode, inflate, unpack

from .made import busy_run, state_of

WRITTEN_BEFORE = Path(__file__).parent / "checkpoints"
"""Checkpoints that releases before this one wrote, of ``busy_run(2100, names=2)``."""


def opened(checkpoint: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(checkpoint))
    return found


def closed(content: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(content).encode())


@pytest.mark.parametrize("version", [BEFORE, VERSION])
@pytest.mark.parametrize("state", [State(), state_of(busy_run(20)), state_of(busy_run(3000, names=3))])
def test_a_state_comes_back_from_its_checkpoint_of_either_version(state: State, version: int) -> None:
    checkpoint = encode(state, version)
    assert opened(checkpoint)["v"] == version
    assert decode(checkpoint) == state


def test_a_checkpoint_of_the_release_before_is_read_as_it_was() -> None:
    assert decode((WRITTEN_BEFORE / "version-1").read_bytes()) == state_of(busy_run(2100, names=2))


def test_what_is_written_for_the_release_before_is_what_it_wrote() -> None:
    state = state_of(busy_run(2100, names=2))
    assert opened(encode(state, 1)) == opened((WRITTEN_BEFORE / "version-1").read_bytes())


def test_a_checkpoint_says_where_it_stands() -> None:
    state = state_of(busy_run(5))
    content = opened(encode(state))
    assert {name: content[name] for name in ("v", "epoch", "seq", "tag")} == {
        "v": VERSION,
        "epoch": 7,
        "seq": state.cursor.seq,
        "tag": state.cursor.tag.decode(),
    }


def test_what_is_missing_or_new_does_not_matter() -> None:
    content = opened(encode(state_of(busy_run(5))))
    content["of_the_next_version"] = 1
    content["state"]["of_the_next_version"] = {"a": 1}
    content["state"]["episodes"][0][1]["of_the_next_version"] = 1
    del content["state"]["figures"], content["state"]["alerts"]
    state = decode(closed(content))
    assert state.run is not None
    assert list(state.alerts) == []
    assert (
        decode(closed({"v": VERSION, "epoch": 1, "seq": 2, "tag": "0000000a", "state": {}})).cursor.seq == 2
    )


@pytest.mark.parametrize("version", [VERSION + 1, BEFORE - 1])
def test_no_other_version_is_read(version: int) -> None:
    content = opened(encode(state_of(busy_run(5))))
    with pytest.raises(UnreadableCheckpoint, match=f"version {version}") as caught:
        decode(closed({**content, "v": version}))
    assert caught.value.version == version


@pytest.mark.parametrize(
    "checkpoint",
    [
        b"",
        b"nonsense",
        zlib.compress(b"nonsense"),
        zlib.compress(b"{}"),
        encode(state_of(busy_run(5)))[:-20],
        closed({"v": VERSION, "epoch": 1, "seq": 1, "tag": "ä", "state": {}}),
        closed({"v": VERSION, "epoch": 1, "seq": 1, "tag": "", "state": {"run": 5}}),
        closed({"v": VERSION, "epoch": 1, "seq": 1, "tag": "", "state": {"newest": [[1]]}}),
        closed({"v": BEFORE, "epoch": 1, "seq": 1, "tag": "", "state": {"series": {"a": {"stride": 1}}}}),
        closed({"v": VERSION, "epoch": 1, "seq": 1, "tag": "", "state": {"series": {"a": [1, 0, True]}}}),
        closed(
            {"v": VERSION, "epoch": 1, "seq": 1, "tag": "", "state": {"series": {"a": [1, 0, True, "AAAA"]}}}
        ),
        closed({"v": VERSION, "epoch": 1, "seq": 1, "tag": "", "state": {"series": {"a": [0, 0, True, ""]}}}),
    ],
)
def test_whatever_is_wrong_with_the_bytes_is_said_in_one_way(checkpoint: bytes) -> None:
    with pytest.raises(UnreadableCheckpoint):
        decode(checkpoint)


def test_series_come_in_step_by_step() -> None:
    state = state_of(busy_run(20))
    found, steps = unpack(inflate(encode(state)))
    assert found.series == {}
    assert list(steps) == list(state.series)
    assert found == state
