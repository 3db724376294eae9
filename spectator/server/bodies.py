"""What callers send, beside the forms that ``rooms`` owns: strict, and no error repeats a value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rooms import InvalidRequest, check_count, shown_field


class Body(BaseModel):
    """What the bodies have in common: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class ExtendBody(Body):
    """The body of ``POST /rooms/{room}/extend``."""

    hours: float = Field(
        gt=0, le=24 * 366, allow_inf_nan=False, description="How much longer the room lives."
    )


class ClaimBody(Body):
    """The body of ``POST /claims``."""

    claim: str = Field(min_length=1, max_length=4096, repr=False, description="From the link's fragment.")


class Query(BaseModel):
    """What the queries have in common: text is read as the type it stands for, no unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class WaitQuery(Query):
    """The query of ``GET /rooms/{room}/requests/{id}``."""

    wait: float = Field(default=0, ge=0, le=25, description="Seconds to wait for an answer before telling.")


def _time(text: Any) -> Any:
    """Unix seconds, or ISO-8601 (naive: local time, as everywhere in the protocol)."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError("must be seconds since 1970 or ISO-8601") from None


Time = Annotated[float, BeforeValidator(_time), Field(allow_inf_nan=False)]


class HistoryQuery(Query):
    """The query of ``GET /rooms/{room}/history``."""

    metrics: str = Field(
        default="", max_length=3500, description="Names, separated by commas; all if left out."
    )
    start: Time | None = Field(default=None, alias="from", description="Not before: seconds or ISO-8601.")
    end: Time | None = Field(default=None, alias="to", description="Not after.")
    from_step: float | None = Field(default=None, allow_inf_nan=False)
    to_step: float | None = Field(default=None, allow_inf_nan=False)
    max_points: int = Field(default=1000, ge=2, le=10_000, description="At most so many points a metric.")

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics asked for; empty: all."""
        return tuple(name for part in self.metrics.split(",") if (name := part.strip()))


class CloseQuery(Query):
    """The query of ``DELETE /rooms/{room}``."""

    keep: bool = Field(
        default=True, description="false removes what was recorded at once; else it is kept 7 days."
    )
    trace: bool = Field(
        default=True,
        description="false removes the room itself, too: for a day it is else known that it has ended.",
    )


class TenantQuery(Query):
    """The query of ``GET /keys`` and ``GET /usage``."""

    tenant: str | None = Field(
        default=None, max_length=32, description="Of this tenant only; operators get all without."
    )


class AuditQuery(Query):
    """The query of ``GET /audit``."""

    tenant: str | None = Field(
        default=None, max_length=32, description="Whose; for operators, who get their own without."
    )
    room: str | None = Field(default=None, max_length=64, description="Only of this room: its code or id.")
    what: str | None = Field(
        default=None, pattern=r"^[a-z_]{1,32}$", description="Only of this kind: join, kick, rotate, …"
    )
    since: Time | None = Field(default=None, ge=0, le=1e11, description="Not before: seconds or ISO-8601.")
    before: str | None = Field(default=None, max_length=64, description="What next said on the page before.")
    limit: int = Field(default=100, ge=1, le=1000, description="Entries of a page, at most.")


class ExportQuery(Query):
    """The query of ``GET /rooms/{room}/export``."""

    format: Literal["csv", "json", "ndjson"] = Field(
        default="ndjson",
        description="A table of the metrics, or every event: as one document, or a line each.",
    )


def parse_json(body: bytes) -> dict[str, Any]:
    """A JSON object as Python values; NaN, huge numbers, broken UTF-8 and deep nesting are refused.

    Raises:
        InvalidRequest: it is not one JSON object.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidRequest("The body is not valid JSON (UTF-8, without NaN and Infinity).") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deep.") from None
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be one JSON object.")
    return found


def check(model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    """``values`` as ``model``.

    Raises:
        InvalidRequest: naming the first wrong field, never its value.
    """
    check_count(values)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = shown_field(first["loc"]) or None
        told = first["msg"].removeprefix("Value error, ")
        raise InvalidRequest(f"{field or 'The request'}: {told}.", field=field) from None
