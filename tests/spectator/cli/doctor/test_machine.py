import sys
from dataclasses import replace

from spectator.cli.doctor.machine import _shadows, look, version
from spectator.client.environment import Environment


def test_everything_about_this_side_has_a_finding(tmp_path):
    environment = replace(Environment.read({}), data_dir=tmp_path)
    found = {one.check: one for one in look(environment)}
    assert set(found) >= {"python", "package", "shadowing", "extras"}
    assert found["python"].figures["version"] == ".".join(map(str, sys.version_info[:3]))
    assert found["package"].level == ("warning" if version() == "0" else "ok")


def test_a_folder_that_hides_nothing(tmp_path):
    (found,) = _shadows(tmp_path)
    assert (found.check, found.level) == ("shadowing", "ok")
