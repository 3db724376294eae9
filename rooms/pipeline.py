"""Commands to one server of the store on one connection: packed by hiredis, read in one go.

redis-py packs each argument in Python (54 us for a command of twenty) and sets a timer a reply (13 us).
Let somebody in, and that is done eleven times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import hiredis
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as StoreGone
from redis.exceptions import DataError, ResponseError
from redis.exceptions import TimeoutError as StoreSilent

from rooms.patience import Patience

TRIES: Final = 2
"""A command is repeated once, on another connection: every write is idempotent."""

_FOR_EVER: Final = float("inf")
"""How redis-py is told to set no timer of its own for a reply."""

_LOST: Final = (StoreGone, StoreSilent, OSError, TimeoutError)


async def send(client: Redis, commands: Sequence[Sequence[Any]], limit_s: float) -> list[Any]:
    """Send commands in one go and return their replies in order, as ``client`` reads them.

    Args:
        client: of one server; its pool gives the connection.
        commands: each its name and its parts, of type str, bytes, int or float.
        limit_s: how long the store may take, for each of two tries.

    Returns:
        a reply each; an element may be the ``ResponseError`` of that command.

    Raises:
        DataError: a part is of a type that cannot be sent; nothing was.
        RedisError, OSError, TimeoutError: the store does not answer.
    """
    try:
        packed = b"".join(map(_packed, commands))
    except TypeError as error:
        raise DataError(f"a part of a command cannot be sent: {error}") from None
    for _ in range(TRIES - 1):
        try:
            return await _try(client, commands, packed, limit_s)
        except _LOST:
            continue
    return await _try(client, commands, packed, limit_s)


async def _try(client: Redis, commands: Sequence[Sequence[Any]], packed: bytes, limit_s: float) -> list[Any]:
    pool = client.connection_pool
    connection = await pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py has no types here
    try:
        async with Patience(limit_s):
            await connection.send_packed_command(packed, check_health=False)
            replies = []
            for command in commands:
                try:
                    reply = await connection.read_response(timeout=_FOR_EVER)
                except ResponseError as error:
                    reply = error
                else:
                    if command[0] in client.response_callbacks:
                        reply = client.response_callbacks[command[0]](reply)
                replies.append(reply)
            return replies
    except BaseException:
        # A connection that is given up between two replies would answer the next command with this one's.
        await connection.disconnect(nowait=True)
        raise
    finally:
        await pool.release(connection)


def _packed(command: Sequence[Any]) -> bytes:
    """One command as it travels; of a name of two words (``SCRIPT FLUSH``) each is a part."""
    name = command[0]
    parts = (*name.split(), *command[1:]) if " " in name else tuple(command)
    return bytes(hiredis.pack_command(parts))
