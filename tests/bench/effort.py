"""How much is measured: the full run of the document, or the smallest one that shows that the bench works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Counts and seconds of each part."""

    rounds: int = 3
    fan_out_viewers: tuple[int, ...] = (100, 1_000)
    fan_out_rates: tuple[float, ...] = (10, 100)
    fan_out_seconds: float = 4.0
    publish: tuple[tuple[float, float], ...] = ((1, 20), (10, 20), (100, 10), (1_000, 10))  # rate, seconds
    training_steps: int = 1_000
    training_pairs: int = 12
    log_calls: int = 5_000
    imports: int = 11
    run_events: int = 200_000
    deaf_viewers: int = 100
    deaf_seconds: float = 25.0
    idle_viewers: int = 1_000
    joins: tuple[int, ...] = (1_000, 5_000)
    guesses: int = 200
    guess_viewers: int = 20
    guess_seconds: float = 10.0
    hidden_asks: int = 400


FULL = Effort()
TINY = Effort(
    rounds=1,
    fan_out_viewers=(3,),
    fan_out_rates=(20,),
    fan_out_seconds=0.5,
    publish=((20, 1),),
    training_steps=20,
    training_pairs=1,
    log_calls=100,
    imports=1,
    run_events=1_000,
    deaf_viewers=2,
    deaf_seconds=1.0,
    idle_viewers=10,
    joins=(10,),
    guesses=5,
    guess_viewers=2,
    guess_seconds=1.0,
    hidden_asks=3,
)
