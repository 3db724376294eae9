"""The three lines: run this and open the link that it prints."""

import spectator

room = spectator.open_room("quickstart")
for step in range(1000):
    room.log(current_reward=step % 100, loss_value=1 / (step + 1), step=step)
