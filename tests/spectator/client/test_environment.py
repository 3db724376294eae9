from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest

from spectator.client.environment import Environment, server_environment

HOME = {"HOME": "/home/ada"}


def test_defaults() -> None:
    told = Environment.read(HOME, "linux")
    data, config = Path("/home/ada/.local/share/spectator"), Path("/home/ada/.config/spectator")
    assert told == Environment(None, None, "online", data, True, 0, config)


def test_reads_what_is_set() -> None:
    told = Environment.read(
        {
            **HOME,
            "SPECTATOR_URL": " https://host ",
            "SPECTATOR_API_KEY": "sk_a_b",
            "SPECTATOR_MODE": "Disabled",
            "SPECTATOR_DATA_DIR": "/data",
            "SPECTATOR_AUTOSTART": "off",
            "SPECTATOR_CONFIG_DIR": "/config",
        }
    )
    assert told == Environment("https://host", "sk_a_b", "disabled", Path("/data"), False, 0, Path("/config"))


@pytest.mark.parametrize(
    ("environ", "rank"),
    [
        ({"RANK": "3"}, 3),
        ({"SLURM_PROCID": "2"}, 2),
        ({"OMPI_COMM_WORLD_RANK": "1"}, 1),
        ({"PMI_RANK": "4"}, 4),
        ({"RANK": "0", "SLURM_PROCID": "7"}, 0),
        ({"RANK": "", "LOCAL_RANK": "1"}, 1),
        ({"RANK": "many"}, 0),
        ({}, 0),
    ],
)
def test_knows_its_place_in_a_job(environ: Dict[str, str], rank: int) -> None:
    assert Environment.read({**HOME, **environ}).rank == rank


@pytest.mark.parametrize("name", ["SPECTATOR_MODE", "SPECTATOR_AUTOSTART"])
def test_a_word_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Environment.read({**HOME, name: "perhaps"})


def test_a_server_is_started_with_what_concerns_it() -> None:
    told = server_environment(
        Path("/data"),
        {
            "PATH": "/bin",
            "RANK": "0",
            "SPECTATOR_URL": "http://x",
            "SPECTATOR_API_KEY": "k",
            "SPECTATOR_HOSTS": "h",
        },
    )
    assert told == {"PATH": "/bin", "SPECTATOR_HOSTS": "h", "SPECTATOR_DATA_DIR": "/data"}


def test_keys_are_not_shown_by_accident() -> None:
    told = Environment.read(
        {**HOME, "SPECTATOR_API_KEY": "sk_a_s3cret", "SPECTATOR_OPERATOR_KEY": "op_s3cret"}
    )
    assert "s3cret" not in repr(told)
