"""The OpenAPI 3.1 document and its readable page, both made from the route table and the models."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from rooms import (
    Busy,
    HostNotAllowed,
    InternalError,
    InvalidRequest,
    NotAllowed,
    OriginNotAllowed,
    QuotaExceeded,
    RoomNotFound,
    RoomsError,
    StoreUnavailable,
    TooManyAttempts,
    Unauthorized,
)
from spectator.hub import Stage
from spectator.server.policy import Policy
from spectator.server.problems import ANSWERS, PROBLEM_TYPE, MalformedRequest, RequestTimeout
from spectator.server.routes import Place, Route
from spectator.server.sockets.messages import RULES, Rule

API_ROOT: Final = "/api/v1"
STAGES: Final = {Stage.NEW: "first", Stage.LOBBY: "in the lobby", Stage.LIVE: "watching"}
NOT_UNDERSTOOD: Final = "<code>spectator.v1</code> is told so by the notice <code>not_understood</code>"
_SCHEMAS: Final = "#/components/schemas/{model}"
_EVERY_CALL: Final[tuple[type[RoomsError], ...]] = (
    HostNotAllowed,
    OriginNotAllowed,
    MalformedRequest,
    StoreUnavailable,
    Busy,
    InternalError,
)


class Problem(BaseModel):
    """RFC 9457; ``code`` is stable, ``detail`` says what to do next."""

    title: str
    status: int
    code: str
    detail: str
    retry: bool
    field: str | None = None
    last: int | None = None
    quota: str | None = None
    limit: int | None = None


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Build the OpenAPI document of these routes."""
    names, schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(f"{API_ROOT}{route.path}", {})[route.method.lower()] = _operation(route, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "spectator",
            "version": version,
            "description": "Rooms in which people watch training happen. Watching itself is the WebSocket "
            "/ws/rooms/{room} (subprotocol spectator.v1, or none for the flat form).",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(routes: Iterable[Route]) -> tuple[dict[type[BaseModel], str], dict[str, Any]]:
    """The JSON schemas of all models, and under which name each is found."""
    models: dict[type[BaseModel], None] = {Problem: None}
    for route in routes:
        models.update(dict.fromkeys(model for model in (route.body, *route.answers.values()) if model))
    keyed, found = models_json_schema([(model, "validation") for model in models], ref_template=_SCHEMAS)
    names = {model: keyed[model, "validation"]["$ref"].rsplit("/", 1)[-1] for model in models}
    return names, found.get("$defs", {})


def _operation(route: Route, names: dict[type[BaseModel], str]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{route.handler.__name__}",
        "summary": route.told,
        "description": f"By: {route.policy.told}.",
        "parameters": _parameters(route),
        "responses": _responses(route, names),
        "security": [{}, {"bearer": []}] if route.policy.open else [{"bearer": []}],
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(names[route.body])}
    elif route.takes:
        operation["requestBody"] = {"content": {kind: {"schema": {"type": "string"}} for kind in route.takes}}
    return operation


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _SCHEMAS.format(model=name)}}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    said = {
        "room": "A room's code, or its id for those who hold a credential for it.",
        "id": "The id of what is meant: a request, a spectator, an invitation, a key.",
        "tenant": "The tenant's id.",
    }
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "description": told, "schema": {"type": "string"}}
        for name, told in said.items()
        if f"{{{name}}}" in route.path
    ]
    if route.query is not None:
        schema = route.query.model_json_schema()
        found += [
            {"name": name, "in": "query", "required": False, "schema": part}
            for name, part in schema.get("properties", {}).items()
        ]
    found += [
        {"name": name, "in": "header", "required": False, "description": told, "schema": {"type": "string"}}
        for name, told in route.headers.items()
    ]
    return found


def _responses(route: Route, names: dict[type[BaseModel], str]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, model in route.answers.items():
        answers[str(status)] = {"description": "Done."}
        if model is not None:
            answers[str(status)]["content"] = _json(names[model])
        elif route.gives:
            answers[str(status)]["content"] = {kind: {"schema": _of_kind(kind)} for kind in route.gives}
    for status, errors in sorted(_refusals(route).items()):
        codes = ", ".join(sorted({f"`{error.code}`" for error in errors}))
        schema = {"schema": {"$ref": _SCHEMAS.format(model=names[Problem])}}
        answers[str(status)] = {"description": codes, "content": {PROBLEM_TYPE: schema}}
    return answers


def _of_kind(media_type: str) -> dict[str, Any]:
    """The schema of a special answer: JSON is what it is, all else is text."""
    return {} if media_type == "application/json" else {"type": "string"}


def _refusals(route: Route) -> dict[int, list[type[RoomsError]]]:
    """What the call may be refused with: said at the route, or following from what it is."""
    expected: list[type[RoomsError]] = [*_EVERY_CALL, *route.refusals]
    if "{room}" in route.path:
        expected += [RoomNotFound, TooManyAttempts]
    if route.body is not None or route.query is not None:
        expected.append(InvalidRequest)
    if route.body is not None or route.takes:
        expected.append(RequestTimeout)
    expected += _of_policy(route.policy)
    by_status: dict[int, list[type[RoomsError]]] = {}
    for error in dict.fromkeys(expected):
        by_status.setdefault(ANSWERS[error].status, []).append(error)
    return by_status


def _of_policy(policy: Policy) -> list[type[RoomsError]]:
    """What a credential may be refused with: even an open call does not take a key of a suspended tenant."""
    charged = policy.kinds & {"api_key", "room_key"}  # the calls a minute of its tenant may be used up
    return [Unauthorized, NotAllowed, *([QuotaExceeded] if charged else [])]


def page(routes: Sequence[Route], places: Sequence[Place], version: str) -> str:
    """The same, for people: one HTML page without script; also who may send what over the WebSocket."""
    rows = "".join(_row(route) for route in routes) + _messages() + _places(places)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>spectator: the API</title><link rel="stylesheet" href="docs.css"></head><body><main>'
        f"<h1>spectator {html.escape(version)}</h1>"
        '<p>Machine-readable: <a href="openapi.json">openapi.json</a>. Credentials travel as '
        "<code>Authorization: Bearer …</code> and nowhere else. Errors are "
        f"<code>{PROBLEM_TYPE}</code> with a stable <code>code</code>. "
        "Watching is the WebSocket <code>/ws/rooms/{room}</code>.</p>"
        f"{rows}</main></body></html>"
    )


def _messages() -> str:
    """What a connection may say: the table that the connections are judged by."""
    rows = ((rule.type, f"{rule.told} {_when(rule)}") for rule in RULES)
    return (
        "<section><h2><b>WS</b> <code>/ws/rooms/{room}</code></h2>"
        f"<p>What a viewer may send. Any other type is not acted on ({NOT_UNDERSTOOD}); one of these at "
        f"another time or from somebody else ends the connection (4500).</p>{_list(rows)}</section>"
    )


def _when(rule: Rule) -> str:
    times = {
        "spectator.v1": ", ".join(STAGES[stage] for stage in STAGES if stage in rule.v1),
        "flat": ", ".join(STAGES[stage] for stage in STAGES if stage in rule.flat) or "never",
    }
    by = "anybody" if "nobody" in rule.roles else ", ".join(sorted(rule.roles))
    return f"When: {'; '.join(f'{name}: {told}' for name, told in times.items())}. By: {by}."


def _places(places: Iterable[Place]) -> str:
    rows = ((f"GET {place.path}", f"{place.told} By: {place.policy.told}.") for place in places)
    return f"<section><h2><b>Everything else</b></h2>{_list(rows)}</section>"


def _row(route: Route) -> str:
    refusals = [
        f"{status} {error.code}" for status, errors in sorted(_refusals(route).items()) for error in errors
    ]
    body = _fields(route.body)
    query = _fields(route.query)
    parts = [
        f"<section><h2><b>{route.method}</b> <code>{html.escape(API_ROOT + route.path)}</code></h2>",
        f"<p>{html.escape(route.told)}</p><p>By: {html.escape(route.policy.told)}.</p>",
        f"<h3>Body</h3>{body}" if body else "",
        f"<h3>Body</h3><p>{html.escape(', '.join(route.takes))}</p>" if route.takes else "",
        f"<h3>Query</h3>{query}" if query else "",
        "<h3>Headers</h3>" + _list((name, told) for name, told in route.headers.items())
        if route.headers
        else "",
        f"<details><summary>Refusals</summary><p>{html.escape(', '.join(refusals))}</p></details></section>",
    ]
    return "".join(parts)


def _fields(model: type[BaseModel] | None) -> str:
    if model is None:
        return ""
    return _list(
        (name, f"{'required. ' if info.is_required() else ''}{info.description or ''}")
        for name, info in model.model_fields.items()
    )


def _list(rows: Iterable[tuple[str, str]]) -> str:
    items = "".join(
        f"<dt><code>{html.escape(name)}</code></dt><dd>{html.escape(told)}</dd>" for name, told in rows
    )
    return f"<dl>{items}</dl>"
