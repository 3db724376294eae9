"""Coming into a room of a node: the first visitor, the crowd after it, the lobby, the last one out."""

import asyncio
from dataclasses import replace

import pytest

from rooms import Busy, Caller, JoinAsk, RoomNotFound, Waiting
from spectator.hub import Close, Ended, Pass, Policy, Variant, Viewer
from spectator.log import Log
from tests.harness.waiting import eventually
from tests.spectator.hub.conftest import Sink
from tests.spectator.hub.living import Node, describe, ended, kinds, metrics, told


class TestDoor:
    async def test_there_is_no_such_room(self, node):
        with pytest.raises(RoomNotFound):
            await node.hub.attach("r_none", Viewer(Variant.V1, Sink()), Pass("owner"), describe)

    async def test_tabs_of_one_person_are_bounded(self, rooms, connection):
        node = Node(rooms, Log(connection), Policy(person_viewers=2))
        await node.hub.start()
        room = await node.room()
        _, right = await node.admitted(room)
        made = [await node.watch(room, right) for _ in range(2)]
        with pytest.raises(Busy):
            await node.watch(room, right)
        for viewer, _ in made:
            node.hub.detach(viewer)
        await node.hub.stop()

    async def test_one_that_left_on_the_way_in_is_not_counted(self, node):
        room = await node.room()
        _, right = await node.admitted(room)
        viewer = Viewer(Variant.V1, Sink())
        coming = asyncio.get_running_loop().create_task(node.hub.attach(room.id, viewer, right, describe))
        await asyncio.sleep(0)
        node.hub.detach(viewer)
        await coming
        assert node.hub.connections == 0
        assert node.hub.view(room.id).viewers == ()

    async def test_a_room_nobody_needs_is_put_away(self, node):
        room = await node.room()
        viewer, _ = await node.watch(room)
        node.hub.detach(viewer)
        await eventually(lambda: node.hub.view(room.id) is None)
        _, sink = await node.watch(room)
        await node.publish(room, metrics(1), ring=False)
        await told(sink, "tick")

    @pytest.mark.parametrize("role", ["spectator", "moderator"])
    async def test_who_was_put_out_on_the_way_in_hears_nothing(self, node, role):
        """The grant was found good, then its person was kicked."""
        room = await node.room()
        ann, right = await node.admitted(room)
        right = replace(right, role=role, seated=role == "spectator")
        sink = Sink()
        await node.rooms.powers.kick(room, ann.person, "owner")
        with pytest.raises(Ended) as refused:
            await node.hub.attach(room.id, Viewer(Variant.V1, sink), right, describe)
        assert refused.value.code is Close.KICKED
        assert sink.messages() == []

    async def test_a_room_that_was_read_meanwhile_judges_who_comes_in(self, node):
        """Between the seat and the welcome the code was changed because of them: it is not for their eyes."""
        room = await node.room()
        await node.watch(room)
        _, right = await node.admitted(room)
        view = node.hub.view(room.id)
        coming = Viewer(Variant.V1, Sink())
        coming.admitted_at = node.hub._node.clock()
        node.hub._doorway._check_still_right(view, coming, right)  # read before: it says nothing of them
        await node.rooms.powers.rotate(room, "code")
        await eventually(lambda: view.read_at > coming.admitted_at)
        with pytest.raises(Ended) as refused:
            node.hub._doorway._check_still_right(view, coming, right)
        assert refused.value.code is Close.GRANT_ENDED


class TestAccessWatch:
    async def test_an_answer_is_heard_at_once(self, node):
        room = await node.room()
        async with node.hub.watch_access(room.id) as watch:
            await watch.changed(0.5)  # the first look
            waiting = asyncio.get_running_loop().create_task(watch.changed(5))
            await node.admitted(room)
            assert await asyncio.wait_for(waiting, 0.9)

    async def test_nothing_happens(self, rooms, connection):
        node = Node(rooms, Log(connection))
        await node.hub.start()
        room = await node.room()
        async with node.hub.watch_access(room.id) as watch:
            assert not await watch.changed(0.1)
        await node.hub.stop()

    async def test_what_happens_between_two_waits_is_not_missed(self, node):
        room = await node.room()
        async with node.hub.watch_access(room.id) as watch:
            await node.admitted(room)
            await asyncio.sleep(0.3)
            assert await watch.changed(0)


class TestLobby:
    async def waiting(self, node, room) -> tuple[Viewer, Sink, list[int], Waiting]:
        asked = await node.rooms.join(room.code, Caller("anonymous"), JoinAsk(display_name="Ann"), "test")
        viewer, sink, answered = Viewer(Variant.V1, Sink()), Sink(), []
        viewer = Viewer(Variant.V1, sink)
        right = Pass("asker", person=asked.request.person, request_id=asked.request_id)
        await node.hub.wait_in_lobby(room.id, viewer, right, describe, lambda: answered.append(1))
        return viewer, sink, answered, asked

    async def test_an_answer_is_told_and_nothing_else(self, node):
        room = await node.room(require_approval=True)
        _, sink, answered, asked = await self.waiting(node, room)
        assert kinds(sink) == ["welcome", "access"]
        await node.publish(room, metrics(1))
        assert not answered
        await node.rooms.answer(room.id, asked.request_id, approve=True)
        await eventually(lambda: answered)
        assert kinds(sink) == ["welcome", "access"]

    async def test_who_waits_counts_as_a_connection_and_not_as_watching(self, node):
        room = await node.room(require_approval=True)
        viewer, _, _, _ = await self.waiting(node, room)
        assert node.hub.connections == 1
        assert node.hub.view(room.id).watching() == 0
        node.hub.detach(viewer)
        assert node.hub.connections == 0


class TestFreshRight:
    async def test_is_looked_at_again_by_the_store(self, rooms, connection):
        """A look that began before the fresh right was found good does not judge it; the next one comes."""
        node = Node(rooms, Log(connection), Policy(look_s=60, poll_s=600, renew_s=600))
        await node.hub.start()
        room = await node.room()
        ann, right = await node.admitted(room)
        viewer, sink = await node.watch(room, right)
        first = node.hub.view(room.id).looked_at
        await eventually(lambda: node.hub.view(room.id).looked_at > first)
        await node.hub._doorway.bells.discard(room.id)
        await node.rooms.powers.kick(room, ann.person, "owner")
        node.hub.refresh(viewer, right, describe)
        assert await ended(sink) == 4508
        node.hub.detach(viewer)
        await node.hub.stop()

    async def test_of_the_same_person(self, node):
        room = await node.room()
        viewer, _ = await node.watch(room)
        fresh = Pass("moderator", person=viewer.right.person, grant_id=viewer.right.grant_id)
        node.hub.refresh(viewer, fresh, describe)
        assert viewer.right is fresh
        assert node.hub.view(room.id).of(fresh.person) == {viewer}

    async def test_of_somebody_else(self, node):
        room = await node.room()
        viewer, _ = await node.watch(room)
        with pytest.raises(Ended) as refused:
            node.hub.refresh(viewer, Pass("spectator", person="v_other"), describe)
        assert refused.value.code is Close.UNAUTHORIZED
