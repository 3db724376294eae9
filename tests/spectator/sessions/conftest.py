from __future__ import annotations

# The fixtures of the client's tests: a server made by hand, and an environment of one's own.
from tests.spectator.client.conftest import _alone, fake  # noqa: F401 - pytest finds fixtures by their names
