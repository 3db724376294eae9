"""A real, small agent that learns, in plain Python: Q-learning on a walk along a cliff.

The agent crosses a grid along a cliff. Falling costs 100 points and a new start; each step costs 1. What it
learns, what it decides and how each episode went can be watched while it happens.

    python examples/training_loop.py [episodes]
"""

import random
import sys
import time
from typing import Dict, List, Tuple

import spectator

WIDTH, HEIGHT = 8, 4
START, GOAL = (0, 3), (7, 3)
MOVES = {"up": (0, -1), "right": (1, 0), "down": (0, 1), "left": (-1, 0)}
ACTIONS = list(MOVES)
LONGEST_EPISODE = 200  # steps

CONFIG = {"algorithm": "Q-learning", "learning_rate": 0.5, "discount": 0.95, "seed": 7}

State = Tuple[int, int]
Values = Dict[State, List[float]]


def step_in_world(state: State, action: str) -> Tuple[State, float, bool]:
    """Return where an action leads, what it is worth, and whether the episode is over."""
    dx, dy = MOVES[action]
    x = min(max(state[0] + dx, 0), WIDTH - 1)
    y = min(max(state[1] + dy, 0), HEIGHT - 1)
    if y == HEIGHT - 1 and 0 < x < WIDTH - 1:
        return START, -100.0, False  # over the cliff
    return (x, y), -1.0, (x, y) == GOAL


def run_episode(
    q: Values, epsilon: float, chance: random.Random, room: spectator.Room
) -> Tuple[float, int, float]:
    """Play one episode and learn from it; return its reward, its length and the mean correction."""
    state, total = START, 0.0
    corrections: List[float] = []
    while len(corrections) < LONGEST_EPISODE:
        values = q.setdefault(state, [0.0] * len(ACTIONS))
        best = values.index(max(values))
        chosen = chance.randrange(len(ACTIONS)) if chance.random() < epsilon else best
        following, reward, done = step_in_world(state, ACTIONS[chosen])
        ahead = 0.0 if done else max(q.setdefault(following, [0.0] * len(ACTIONS)))
        correction = reward + CONFIG["discount"] * ahead - values[chosen]
        values[chosen] += CONFIG["learning_rate"] * correction
        corrections.append(abs(correction))
        odds = [epsilon / len(ACTIONS) + (1 - epsilon) * (action == best) for action in range(len(ACTIONS))]
        room.decision(odds, chosen, labels=ACTIONS, value=max(values), q_values=values)
        total += reward
        state = following
        if done:
            break
    return total, len(corrections), sum(corrections) / len(corrections)


def train(episodes: int, pause: float = 0.01) -> float:
    """Train for so many episodes; return the mean reward of the last fifty."""
    chance = random.Random(CONFIG["seed"])
    q: Values = {}
    rewards: List[float] = []
    with spectator.open_room("cliff-walk", config=CONFIG, tags=["example"]) as room:
        for episode in range(episodes):
            epsilon = max(0.02, 1.0 - 2 * episode / episodes)
            reward, length, correction = run_episode(q, epsilon, chance, room)
            rewards.append(reward)
            room.log(
                step=episode,
                episode=episode,
                total_episodes=episodes,
                current_reward=reward,
                episode_length=length,
                loss_value=correction,
                epsilon=epsilon,
            )
            if episode and episode % (episodes // 4) == 0:
                room.note(f"after {episode} episodes: {sum(rewards[-50:]) / len(rewards[-50:]):.1f} points")
            time.sleep(pause)  # slowly enough to be watched; take it out and the agent learns at full speed
    return sum(rewards[-50:]) / len(rewards[-50:])


if __name__ == "__main__":
    reached = train(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    print(f"the last 50 episodes: {reached:.1f} points (the shortest safe way is worth -9)")
