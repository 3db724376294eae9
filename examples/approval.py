"""A room into which people are let one by one, decided by the training script itself.

Here everybody is let in whose name is on the list of the course; the others are turned away.

    python examples/approval.py
"""

import time

import spectator

COURSE = {"ada", "grace", "alan"}


def decide(request: spectator.JoinRequest) -> None:
    """Answer one request; called in a thread of its own, so the training goes on meanwhile."""
    # A name is what somebody calls themselves. For proof, let your own site mint identities
    # (POST /identities): then request.user_id is vouched for.
    if request.name.strip().lower() in COURSE:
        request.approve()
    else:
        request.deny()


def main(seconds: float = 60.0) -> None:
    """Train for a while, with an open door for the course."""
    room = spectator.open_room("exam", password="s3cret", require_approval=True, max_spectators=40)
    room.on_request(decide)
    ends = time.monotonic() + seconds
    with room:
        step = 0
        while time.monotonic() < ends:
            step += 1
            room.log(current_reward=step % 10, step=step)
            time.sleep(0.05)
        print(f"{len(room.spectators())} came to watch")


if __name__ == "__main__":
    main()
