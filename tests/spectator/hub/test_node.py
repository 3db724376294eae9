from spectator.hub.node import Node
from spectator.hub.policy import Policy
from spectator.log import Log


async def test_its_time_is_the_stores(rooms, connection, clock):
    node = Node("n", Log(connection), rooms, Policy(), clock)
    seconds, micros = await connection.command("TIME")
    assert abs(node.now_ms() - int(seconds) * 1000 - int(micros) // 1000) < 2000
    assert node.rooms == {}
