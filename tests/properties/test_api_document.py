"""What the server answers is what ``/openapi.json`` says, whoever asks what the document allows, and worse.

Schemathesis makes the calls up from the document; rooms, people and tenants that exist are mixed in. One call
is left out: ``/stream`` does not end. What is found is found again: nothing here is random.
"""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from spectator.server.routes import Route
from spectator.server.table import ROUTES
from tests.harness.servers import ServerProcess

OPERATOR_KEY = "op_the-key-of-the-operator"
KINDS = {"stranger": "anonymous", "tenant": "api_key", "owner": "room_key", "operator": "operator"}
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
MANY, FEW = 24, 4
"""Examples for a role that may make the call, and for one that is refused before anything is read."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of this module's own, with an operator: what is made up here ends rooms and tenants."""
    process = ServerProcess(
        tmp_path_factory.mktemp("document") / "data",
        SPECTATOR_RATE_LIMITS="off",
        SPECTATOR_OPERATOR_KEY=OPERATOR_KEY,
    )
    process.start()
    yield process
    process.close()


@pytest.fixture(scope="module")
def operations(served: ServerProcess) -> dict[str, Any]:
    """The calls of the document, by method and path."""
    with urllib.request.urlopen(f"{served.url}/openapi.json") as answer:
        schema = schemathesis.openapi.from_dict(json.load(answer))
    found = [result.ok() for result in schema.get_all_operations()]
    return {f"{one.method.upper()} {one.path}": one for one in found}


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


@pytest.mark.parametrize("role", KINDS)
@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if not route.path.endswith("/stream")],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_the_document_says_what_is_answered(
    served: ServerProcess, operations: dict[str, Any], session: requests.Session, route: Route, role: str
) -> None:
    operation = operations[f"{route.method} /api/v1{route.path}"]
    there, key = existing(served, role)

    @settings(
        max_examples=MANY if KINDS[role] in route.policy.kinds else FEW,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode]),
        real=st.booleans(),
    )
    def ask(case: Any, *, real: bool) -> None:
        named = case.path_parameters or {}
        if real and named:
            case.path_parameters = {**named, **{name: there[name] for name in named}}
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = case.call(base_url=served.url, headers=headers, session=session, timeout=30)
        case.validate_response(response, checks=CHECKS.get_by_names(CHECKED))

    ask()


def existing(served: ServerProcess, role: str) -> tuple[dict[str, str], str | None]:
    """A room, a person in it and a tenant that are there, and the credential of a role."""
    _, made = served.call("POST", "/rooms", {})
    code = made["room"]["code"]
    _, joined = served.call("POST", f"/rooms/{code}/join", {"display_name": "Ann"}, token=None)
    served.call("POST", "/tenants", {"id": "there"}, token=OPERATOR_KEY)
    keys = {"tenant": served.api_key, "owner": made["owner_token"], "operator": OPERATOR_KEY}
    return {"room": code, "id": joined["spectator_id"], "tenant": "there"}, keys.get(role)
