"""A training script as a user would write one, driven by a story through its standard input.

Started as a process of its own: the first argument is the name of the room, the second the options of
``open_room`` as JSON. It prints what it was given as one line of JSON, logs ten times a second, and obeys one
command a line: ``finish``, ``pause``, ``resume``, ``requests``, ``approve ID``, ``deny ID``, ``value X``,
``close``. Each but ``finish`` answers with one line of JSON.
"""

import json
import queue
import sys
import threading
from typing import Any

import spectator

STEP_S = 0.1


class Training:
    """Logs step after step, and does what it is told in between."""

    def __init__(self, room: spectator.Room) -> None:
        self.room = room
        self.step = 0
        self.paused = False
        self.value: float | None = None

    def obey(self, word: str, rest: str) -> Any:
        """Carry out one command; return what it answers."""
        if word in ("pause", "resume"):
            self.paused = word == "pause"
        elif word == "value":
            self.value = float(rest)
        elif word == "requests":
            return [{"id": request.id, "name": request.name} for request in self.room.requests()]
        elif word == "approve":
            return self.room.approve(rest)
        elif word == "deny":
            return self.room.deny(rest)
        elif word == "close":
            return self.room.close_room()
        return True

    def publish(self) -> None:
        """Log one step."""
        self.step += 1
        reward = float(self.step) if self.value is None else self.value
        metrics = {"current_reward": reward, "loss_value": 1 / self.step, "episode": self.step}
        self.room.log({**metrics, "my/own_figure": self.step % 7}, step=self.step)
        chances = {"left": 0.25, "right": 0.75}
        self.room.decision(chances, action="right", value=0.82, q_values=[0.1, 0.9], step=self.step)


def main() -> None:
    """Open the room and train until told to finish, or until whoever started us has gone."""
    room = spectator.open_room(sys.argv[1], **json.loads(sys.argv[2]))
    facts = ("id", "code", "url", "owner_url", "password")
    tell({name: getattr(room, name) for name in facts})
    commands: queue.Queue[str] = queue.Queue()
    threading.Thread(target=listen, args=(commands,), daemon=True).start()
    training = Training(room)
    while True:
        try:
            word, _, rest = commands.get(timeout=STEP_S).strip().partition(" ")
        except queue.Empty:
            if not training.paused:
                training.publish()
            continue
        if word == "finish":
            room.finish()
            return
        tell(training.obey(word, rest))


def listen(commands: "queue.Queue[str]") -> None:
    """Queue the lines of standard input."""
    for line in sys.stdin:
        commands.put(line)
    commands.put("finish")


def tell(answer: Any) -> None:
    """Answer with one line."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
