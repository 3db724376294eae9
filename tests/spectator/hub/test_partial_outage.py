"""One server of a cluster is silent: the viewers of rooms on the others get everything all the same."""

from collections.abc import Iterator

import pytest

import rooms
from rooms import Passwords, Room, RoomManager, Secrets
from spectator.log import Log, keys
from tests.harness.cluster import Cluster, cluster
from tests.harness.waiting import eventually
from tests.spectator.hub.living import Node, metrics, steps, told

DEADLINE_S = 60


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three servers; when one is away, the others go on with what they hold."""
    coverage = ("--cluster-require-full-coverage", "no")
    with cluster(tmp_path_factory.mktemp("partial"), *coverage, primaries=3, replicas=0) as running:
        yield running


async def on_two_servers(node: Node, stores: Cluster) -> tuple[Room, Room]:
    """Two rooms that are not on the same server."""
    first = await node.room()
    while True:
        other = await node.room()
        if stores.primary_of(keys.head(other.id)) is not stores.primary_of(keys.head(first.id)):
            return first, other


@pytest.mark.timeout(180)
async def test_lost_bells_are_made_up_for_and_seats_and_wishes_kept_where_the_store_answers(
    stores: Cluster,
) -> None:
    connection = await rooms.connect(stores.url)
    secrets = Secrets([b"a secret of the tests, long enough"])
    node = Node(RoomManager(connection, secrets, hasher=Passwords()), Log(connection))
    await node.hub.start()
    sick, sound = await on_two_servers(node, stores)
    (away, unlucky), (viewer, sink) = await node.watch(sick), await node.watch(sound)
    await node.hub._doorway.bells.discard(sound.id)
    view = node.hub.view(sound.id)
    await eventually(lambda: view.announced_at > 0 and view.renewed_at > 0, DEADLINE_S)
    silent = stores.primary_of(keys.head(sick.id))
    silent.pause()
    assert (await told(unlucky, "notice"))["code"] == "store_unavailable"

    for step in range(3):
        assert node.hub.available  # calls are taken: whether theirs is the silent server they find out
        await node.publish(sound, metrics(step), ring=False)
        await eventually(lambda step=step: steps(sink)[-1:] == [step], DEADLINE_S)
    person, announced = viewer.right.person, view.announced_at
    lapses = await seat(connection, sound, person)

    async def renewed() -> bool:
        return await seat(connection, sound, person) > lapses

    await eventually(lambda: view.announced_at > announced, DEADLINE_S, "wishes are told again")
    await eventually(renewed, DEADLINE_S, "the seat is renewed")
    codes = [message["code"] for message in sink.messages() if message["type"] == "notice"]
    assert codes == ["store_unavailable"]  # once, not in turns with its end

    silent.resume()
    assert (await told(unlucky, "notice", 2))["code"] == "store_back"
    await node.publish(sick, metrics(7), ring=False)
    await eventually(lambda: steps(unlucky) == [7], DEADLINE_S)
    for one in (away, viewer):
        node.hub.detach(one)
    await node.hub.stop()
    await connection.close()


async def seat(connection: rooms.Connection, room: Room, person: str | None) -> float:
    """When this person's seat lapses, as the store says it."""
    return float(await connection.command("ZSCORE", f"sp:{{{room.id}}}:seats", person))
