"""The OpenAPI document and its page: the same table that the router has, told completely."""

import json
import re
from typing import Any

import pytest

from spectator.server import openapi
from spectator.server.places import PLACES
from spectator.server.problems import PROBLEM_TYPE
from spectator.server.routes import Route
from spectator.server.sockets.messages import RULES
from spectator.server.table import ROUTES

DOCUMENT = openapi.document(ROUTES, "1.2.3")


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][f"/api/v1{route.path}"][route.method.lower()]
    return found


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(references(one) for one in value))
    return set()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_told(route: Route) -> None:
    told = operation(route)
    assert told["summary"].endswith(".")
    assert route.policy.told in told["description"]
    assert {int(status) for status in told["responses"]} >= {*route.answers, 503, 500, 421}
    path_parameters = {one["name"] for one in told["parameters"] if one["in"] == "path"}
    assert path_parameters == set(re.findall(r"{(\w+)}", route.path))
    assert ("requestBody" in told) == bool(route.body or route.takes)
    assert ({} in told["security"]) == route.policy.open


def test_refusals_are_problems_with_their_codes() -> None:
    join = next(operation(route) for route in ROUTES if route.path.endswith("/join"))
    assert "`wrong_password`" in join["responses"]["403"]["description"]
    assert "`room_full`" in join["responses"]["409"]["description"]
    assert list(join["responses"]["409"]["content"]) == [PROBLEM_TYPE]


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        prefix, _, name = reference.rpartition("/")
        assert prefix == "#/components/schemas"
        assert name in DOCUMENT["components"]["schemas"]


def test_operations_have_names_of_their_own() -> None:
    names = [operation(route)["operationId"] for route in ROUTES]
    assert len(set(names)) == len(names)


def test_the_document_is_json_and_holds_no_hash() -> None:
    text = json.dumps(DOCUMENT)
    assert "password_hash" not in text
    assert DOCUMENT["info"]["version"] == "1.2.3"


def test_the_page_tells_every_route_without_script_and_foreign_addresses() -> None:
    page = openapi.page(ROUTES, PLACES, "<b>")
    for place in PLACES:
        assert f"GET {place.path}</code>" in page
    for rule in RULES:
        assert f"<dt><code>{rule.type}</code></dt>" in page
    for route in ROUTES:
        assert f"<b>{route.method}</b> <code>/api/v1{route.path}</code>" in page
    assert "<script" not in page
    assert "style=" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "&lt;b&gt;" in page
