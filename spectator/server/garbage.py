"""When Python looks for garbage: not in the middle of a rush, and not over and over what is there to stay.

Left to itself the collector looks through every object of the process each time they have grown by a quarter.
While five thousand people joined that took 40 % of all CPU, in pauses of up to half a second, and found next
to nothing: what belongs to a connection is freed by its reference counts (see ``Noted`` and ``Door``), but
for a few small objects of asyncio's. So it looks seldom; a look at everything is taken after many connections
ended, and what it finds alive is set aside, where the small looks in between do not see it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from spectator.tasks import Tasks

YOUNG: Final = 100_000
"""Objects made and not freed between two small looks: 10 MB, if all of them were garbage; it takes 30 ms."""

MIDDLE: Final = 20
"""Small looks to one that also looks at what survived them."""

NEVER: Final = 1_000_000
"""Looks of that kind to a full one of the interpreter's own: full looks are ours."""

LOOK_S: Final = 5.0

ENDED: Final = 10_000
"""Connections that ended since the last look at everything before there is another: about 12 MB."""

SHARE: Final = 0.25
"""The same as a share of the connections there are: a full look takes the longer the more they are."""

REST_S: Final = 300.0
"""After so long without a look there is one at what came since the last: most is set aside by then."""


class Crowd(Protocol):
    """Who is connected, and how many were and are not any more."""

    @property
    def connections(self) -> int:
        """Open ones."""

    @property
    def ended(self) -> int:
        """Those that have ended so far."""


class Garbage:
    """Decides when to look. Counts by ``crowd.ended``, the connections that have ended so far.

    Args:
        crowd: the connections of this node.
    """

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._ended = crowd.ended  # connections, as of the last look at everything
        self._looked_at = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether enough connections have ended for a look at everything."""
        ended = self._crowd.ended - self._ended
        return ended >= max(ENDED, SHARE * self._crowd.connections)

    def look(self, *, everything: bool = True) -> int:
        """Find garbage, and set aside what is alive; tells how many objects were garbage.

        Args:
            everything: also among what was set aside before.
        """
        if everything:
            self._ended = self._crowd.ended
            gc.unfreeze()
        found = gc.collect()
        gc.freeze()
        self._looked_at = time.monotonic()
        return found

    async def round(self) -> None:
        """Wait a while, then look if it is due."""
        await asyncio.sleep(LOOK_S)
        if self.due:
            self.look()
        elif time.monotonic() - self._looked_at >= REST_S:
            self.look(everything=False)


@asynccontextmanager
async def garbage_collected(crowd: Crowd) -> AsyncIterator[Garbage]:
    """Collect garbage in this process as said above, until the context ends."""
    before = gc.get_threshold()
    garbage = Garbage(crowd)
    garbage.look()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    tasks = Tasks("garbage")
    tasks.repeat(garbage.round, "look for garbage")
    try:
        yield garbage
    finally:
        await tasks.stop()
        gc.set_threshold(*before)
        gc.unfreeze()
