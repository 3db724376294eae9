"""A class: the teacher's script lets the course in, hands out a link for the late ones, and keeps order.

python examples/classroom.py [seconds]
"""

import sys
import time
from typing import Set

import spectator

LONGEST_NAME_THAT_IS_ONE = 20


def main(seconds: float = 60.0) -> None:
    """Train for a while, with an eye on the door."""
    room = spectator.open_room(
        "algebra",
        require_approval=True,
        max_spectators=40,
        presence="names",  # the class sees who is there
        config={"lesson": "gradients"},
    )
    known: Set[str] = set()

    def at_the_door(request: spectator.JoinRequest) -> None:
        """Let everybody in once; called in a thread of its own, while the training goes on."""
        print(f"{request.name} asks since {request.requested_at} ({request.user_id or 'not vouched for'})")
        if request.name not in known and len(request.name) <= LONGEST_NAME_THAT_IS_ONE:
            known.add(request.name)
            request.approve()
        else:
            request.deny()

    room.on_request(at_the_door)
    late = room.invite(uses=3, hours=1, note="the late ones")
    print(f"for the late ones: {late.url}", flush=True)
    ends = time.monotonic() + seconds
    step = 0
    while time.monotonic() < ends:
        step += 1
        room.log(loss=1.0 / step, step=step)
        if step == 20:
            keep_order(room)
        time.sleep(0.05)
    late.withdraw()
    room.rotate("password")  # whoever comes now needs it, and whoever was in is out
    print(f"next lesson's password: {room.password}")
    room.finish()


def keep_order(room: spectator.Room) -> None:
    """Put out whoever disturbs; make the first who came a moderator, who may let others in."""
    people = room.spectators()
    for person in people:
        if person.name.lower() == "mallory":
            room.block(person)
    if people and people[0].name.lower() != "mallory":
        room.promote(people[0])


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
