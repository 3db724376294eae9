"""Each server of the store has a queue of its own: one that hangs holds up nobody but who asks it."""

from rooms import Connection, Script

ECHO = Script("echo", "-- KEYS one, ARGV one. Returns both.\nreturn {KEYS[1], ARGV[1]}")
KEYS = [f"k{number}" for number in range(60)]


async def test_each_server_has_a_queue_of_its_own(connection: Connection) -> None:
    replies = await connection.run_many([(ECHO, [key], [key]) for key in KEYS])
    assert replies == [[key.encode()] * 2 for key in KEYS]
    assert len(connection._queues) == (3 if connection.is_cluster else 1)


async def test_the_keys_of_a_room_are_in_one_queue(connection: Connection) -> None:
    asked = [("EVALSHA", ECHO.sha, 1, "sp:{r_1}:room", 1), ("GET", "sp:{r_1}:head"), ("PING",)]
    room, head, keyless = (connection._server_of(command) for command in asked)
    assert room == head
    assert not keyless
    assert bool(room) == connection.is_cluster
