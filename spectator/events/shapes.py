"""The shape of each type of event, as two sets of msgspec structs made from one table.

A *plain* shape knows every field and how deep each may be nested, a few levels, so whatever it decodes is
within all bounds and can be stored as it came: this is the way of nearly every event, at the speed of
msgspec. A *nested* shape also takes further fields and any JSON inside; what only it accepts has to be walked
through value by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple, Union

import msgspec
from msgspec import UNSET, Meta, UnsetType

from spectator.events.limits import INTEGER, LATEST, NAME, NAMES

Integer = Annotated[int, Meta(ge=-INTEGER, le=INTEGER)]
Number = Integer | float | None
Scalar = bool | Integer | float | str | None
Name = Annotated[str, Meta(min_length=1, max_length=NAME)]
Label = Name | Integer
Level2 = Scalar | list[Scalar] | dict[str, Scalar]
Level3 = Scalar | list[Level2] | dict[str, Level2]
Level4 = Scalar | list[Level3] | dict[str, Level3]
Shallow = dict[str, Level4]
"""User data of a few levels: a type written out, so that msgspec sees to its depth and its integers."""
Measured = Annotated[dict[Name, Level2], Meta(max_length=NAMES)]
MeasuredDeep = Annotated[dict[Name, Any], Meta(max_length=NAMES)]
Object = dict[str, Any]
Time = (
    Annotated[datetime, Meta(tz=True)]
    | Annotated[int, Meta(ge=0, le=LATEST)]
    | Annotated[float, Meta(ge=0, le=LATEST)]
)


class GraphShape(msgspec.Struct, forbid_unknown_fields=True):
    """One graph of a ``graph_config``, as a publisher or an owner sends it."""

    graph_id: Name
    metrics: Annotated[list[Name], Meta(min_length=1, max_length=20)]
    title: Annotated[str, Meta(max_length=NAME)] = ""
    y_label: Annotated[str, Meta(max_length=NAME)] = ""
    max_points: Annotated[int, Meta(ge=1, le=10_000)] = 1_000


GraphShapes = Annotated[list[GraphShape], Meta(max_length=30)]


class PointsShape(msgspec.Struct, forbid_unknown_fields=True):
    """One graph of a ``graph_update``."""

    graph_id: Name
    data_points: Annotated[dict[Name, Number], Meta(max_length=NAMES)]
    timestamp: str | float | None = None


class AlertShape(msgspec.Struct):
    """What an ``alert`` carries; further fields may stand beside these."""

    level: Literal["info", "warning", "error", "critical"]
    message: str
    category: str | None = None
    timestamp: str | float | None = None


class PlainAlertShape(AlertShape, forbid_unknown_fields=True):
    """An alert without further fields."""


class _Field(NamedTuple):
    """A field of an event: how the plain and the nested shape decode it, and whether it must be there."""

    name: str
    plain: Any
    nested: Any
    required: bool = True


_EVERYWHERE: Final = (
    _Field("timestamp", Time, Any, required=False),
    _Field("step", Number, Number, required=False),
    _Field("episode", Number, Number, required=False),
    _Field("source", Label, Label, required=False),
    _Field("agent", Label, Label, required=False),
)

_FIELDS: Final[Mapping[str, Iterable[_Field]]] = {
    "training_metrics": (_Field("data", Measured, MeasuredDeep),),
    "episode_metrics": (_Field("metrics", Measured, MeasuredDeep),),
    "system_metrics": (_Field("metrics", Measured, MeasuredDeep),),
    "metric": (
        _Field("name", Name, Name),
        _Field("value", Number | bool, Number | bool),
        _Field("metadata", Shallow, Object | None, required=False),
    ),
    "bot_decision": (
        _Field("action_probabilities", dict[Name, Number] | None, dict[Name, Number] | None, required=False),
        _Field("selected_action", Scalar, Any, required=False),
        _Field("state_values", Number, Any, required=False),
        _Field("q_values", list[Number] | None, list[Number] | dict[Name, Number] | None, required=False),
        _Field("tree", Level4, Any, required=False),
    ),
    "graph_config": (_Field("graphs", GraphShapes, GraphShapes),),
    "graph_update": (_Field("graphs", list[PointsShape], list[PointsShape]),),
    "episode_start": (
        _Field("episode_id", Label, Label),
        _Field("metadata", Shallow, Object | None, required=False),
    ),
    "episode_steps": (
        _Field("episode_id", Label, Label),
        _Field("from", Annotated[int, Meta(ge=0, le=INTEGER)], Annotated[int, Meta(ge=0, le=INTEGER)]),
        _Field("steps", list[dict[Name, Scalar | list[Scalar] | dict[Name, Scalar]]], list[Object]),
    ),
    "episode_end": (
        _Field("episode_id", Label, Label),
        _Field("total_reward", Number, Number, required=False),
        _Field("length", Number, Number, required=False),
        _Field("reason", str | None, str | None, required=False),
    ),
    "alert": (_Field("alert", PlainAlertShape, AlertShape),),
    "training_event": (_Field("event", Name, Name), _Field("data", Shallow, Object | None, required=False)),
    "data": (_Field("stream", Name, Name), _Field("data", Shallow, Object)),
    "log": (
        _Field("message", str, str),
        _Field("level", Name, Name, required=False),
        _Field("metadata", Shallow, Object | None, required=False),
    ),
    "state": (_Field("state", Shallow, Object),),
}


def _structs(plain: bool) -> dict[str, type[msgspec.Struct]]:
    """Make one struct a type; the plain ones refuse fields they do not know."""
    return {
        kind: msgspec.defstruct(
            kind,
            [_definition(field, plain) for field in (*fields, *_EVERYWHERE)],
            tag_field="type",
            tag=kind,
            forbid_unknown_fields=plain,
            kw_only=True,
            # They hold plain values only and live for one line: the cycle collector need not track them.
            gc=False,
        )
        for kind, fields in _FIELDS.items()
    }


def _definition(field: _Field, plain: bool) -> Any:
    """A field as msgspec.defstruct takes it. Attributes end in ``_``: ``from`` is a word of the language."""
    wanted = field.plain if plain else field.nested
    name = f"{field.name}_"
    if field.required:
        return (name, wanted, msgspec.field(name=field.name))
    return (
        name,
        wanted | UnsetType if wanted is not Any else Any,
        msgspec.field(default=UNSET, name=field.name),
    )


PLAIN: Final = _structs(plain=True)
NESTED: Final = _structs(plain=False)
"""By type of event: what any acceptable event of it converts to."""
PLAIN_EVENT: Final[Any] = Union[tuple(PLAIN.values())]  # noqa: UP007 - the members are known only at run time
KIND_OF: Final[Mapping[type, str]] = {shape: kind for kind, shape in PLAIN.items()}
"""The type of event a plain shape stands for."""
