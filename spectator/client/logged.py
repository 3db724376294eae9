"""From what a script passes to `Room.log` and its kin to the fields of events."""

from __future__ import annotations

import operator
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from spectator.protocol.values import Number, clean, jsonable, number, sequence, text

LONGEST_NAME = 128  # characters of a metric's name
UNNAMED = "unnamed"  # a server refuses an empty name, and all that was logged with it
MOST_ITEMS = 32  # of a list or an array that is logged: each becomes a metric of its own
DEEPEST = 8
TEXT_METRICS = frozenset({"algorithm"})  # text that belongs to the figures (MetricsData), not to the config

Fields = Dict[str, Any]


class Reading:
    """What one call to `log` held.

    Attributes:
        numbers: values by name; nested dicts flattened to ``a/b``.
        words: texts by name.
        unreadable: names of values that are neither, with what they are.
    """

    def __init__(self) -> None:
        self.numbers: Dict[str, Union[Number, str]] = {}
        self.words: Dict[str, str] = {}
        self.unreadable: List[Tuple[str, str]] = []

    def read(self, data: Mapping[Any, Any], prefix: str = "", depth: int = DEEPEST) -> None:
        """Take in a mapping of names to values of any type."""
        for key, value in data.items():
            self._value(metric_name(prefix, key), value, depth)

    def _value(self, name: str, value: Any, depth: int) -> None:
        if value is None:
            return
        figure = number(value)
        if figure is not None:
            self.numbers[name] = figure
            return
        words = text(value)
        if words is not None:
            if name in TEXT_METRICS:
                self.numbers[name] = words
            else:
                self.words[name] = words
            return
        if depth > 0 and isinstance(value, Mapping):
            self.read(value, name + "/", depth - 1)
            return
        items = sequence(value) if depth > 0 and _length(value) <= MOST_ITEMS else None
        if items is None:
            self.unreadable.append((name, _kind(value)))
            return
        for index, item in enumerate(items):
            self._value(metric_name(name + "/", index), item, depth - 1)


def metric_name(prefix: str, key: Any) -> str:
    """Return the name of a metric: text, 1 to 128 characters."""
    name = clean(prefix + (key if isinstance(key, str) else str(jsonable(key))))[:LONGEST_NAME]
    return name or UNNAMED


def read_step(step: Any) -> int:
    """Return a step as an int; floats, numpy and torch scalars that are whole numbers will do.

    Raises:
        TypeError: it is no whole number.
    """
    try:
        return operator.index(step)
    except TypeError:
        figure = number(step)
        if isinstance(figure, float) and figure.is_integer():
            return int(figure)
        if isinstance(figure, int):
            return figure
        raise TypeError(f"step must be a whole number, not {step!r:.60}") from None


def decision_fields(
    probabilities: Union[Mapping[Any, Any], Sequence[Any]],
    labels: Optional[Sequence[Any]],
    action: Any,
    value: Any,
    q_values: Any,
) -> Fields:
    """Return the fields of a ``bot_decision``.

    Args:
        probabilities: of each action, as a mapping from its name, or a sequence (list, array) in the order of
            ``labels``.
        labels: the actions' names; their numbers where left out.
        action: the chosen one, by name or by its place.
        value: the value of the state.
        q_values: of each action in the same order, as a sequence or a mapping from names.

    Raises:
        TypeError, ValueError: they do not fit together.
    """
    names, chances = _probabilities(probabilities, labels)
    fields: Fields = {"type": "bot_decision", "action_probabilities": dict(zip(names, chances))}
    if action is not None:
        place = number(action)
        if isinstance(place, int) and not isinstance(action, str) and str(place) not in names:
            if not 0 <= place < len(names):
                raise ValueError(f"action {place} is none of the {len(names)} actions")
            fields["selected_action"] = names[place]
        else:
            fields["selected_action"] = text(action) or str(place if place is not None else action)
    if value is not None:
        fields["state_values"] = _one("value", value)
    if q_values is not None:
        fields["q_values"] = _q_values(q_values, names)
    return fields


def measure(value: Any) -> int:
    """Return the size of plain JSON data in cells of the queue: 1 a number or 100 characters."""
    if isinstance(value, str):
        return 1 + len(value) // 100
    if isinstance(value, dict):
        return 1 + sum(measure(item) + len(key) // 100 for key, item in value.items())
    if isinstance(value, list):
        return 1 + sum(map(measure, value))
    return 1


def _probabilities(
    told: Union[Mapping[Any, Any], Sequence[Any]], labels: Optional[Sequence[Any]]
) -> Tuple[List[str], List[Number]]:
    if isinstance(told, Mapping):
        if labels is not None:
            raise TypeError("labels go with a sequence of probabilities; a mapping names its actions itself")
        names = [metric_name("", key) for key in told]
        values = list(told.values())
    else:
        items = sequence(told)
        if items is None:
            raise TypeError(f"probabilities must be a mapping or a sequence, not {type(told).__name__}")
        values = items
        names = [metric_name("", label) for label in (range(len(values)) if labels is None else labels)]
        if len(names) != len(values):
            raise ValueError(f"{len(names)} labels do not fit {len(values)} probabilities")
    return names, [_one(f"the probability of {name}", value) for name, value in zip(names, values)]


def _q_values(told: Any, names: List[str]) -> List[Number]:
    if isinstance(told, Mapping):
        by_name = {metric_name("", key): value for key, value in told.items()}
        missing = [name for name in names if name not in by_name]
        if missing:
            raise ValueError(f"q_values has nothing for {missing[0]!r}")
        return [_one("a q_value", by_name[name]) for name in names]
    items = sequence(told)
    if items is None:
        raise TypeError(f"q_values must be a sequence or a mapping, not {type(told).__name__}")
    return [_one("a q_value", value) for value in items]


def _one(what: str, value: Any) -> Number:
    figure = number(value)
    if figure is None:
        raise TypeError(f"{what} must be a number, not {_kind(value)}")
    return figure


def _length(value: Any) -> int:
    try:
        return len(value)
    except TypeError:
        return 0


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    name = type(value).__name__
    return f"{name} of shape {tuple(shape)}" if isinstance(shape, tuple) else name
