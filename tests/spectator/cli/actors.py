"""People in a room of the shared server, for the tests of commands about them."""

from tests.harness.servers import ServerProcess
from tests.harness.terminal import spectator_json


def own_room(server: ServerProcess, name: str, *options: str) -> str:
    """Create a room that no other test knows; return its code."""
    return str(spectator_json(server.data_dir, "room", "create", name, *options)["room"]["code"])


def come_in(server: ServerProcess, code: str, name: str, token: str | None = None) -> dict[str, str]:
    """Join as somebody unknown, or with a credential; return the answer of the join."""
    status, told = server.call("POST", f"/rooms/{code}/join", {"display_name": name}, token=token)
    assert status == 200, told
    return told


def may_leave(server: ServerProcess, code: str, token: str) -> bool:
    """Whether a grant is still worth something."""
    return server.call("GET", f"/rooms/{code}/history", token=token)[0] == 200
