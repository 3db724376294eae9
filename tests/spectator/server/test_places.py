"""Everything the router answers stands in one of the two tables; what does not is not answered."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web_urldispatcher import DynamicResource, PlainResource

from spectator.server.app import make_app
from spectator.server.places import PLACES
from spectator.server.table import ROUTES
from tests.spectator.server.conftest import Site

TABLES = {
    *((route.method, f"/api/v1{route.path}") for route in ROUTES),
    *((method, place.path) for place in PLACES for method in place.methods),
}


def written(resource: web.AbstractResource | None) -> str:
    """The path of a resource as it was given to the router."""
    assert isinstance(resource, PlainResource | DynamicResource), resource
    return resource._path if isinstance(resource, PlainResource) else resource._orig_path


async def test_the_live_router_is_the_two_tables_and_nothing_else(site: Site) -> None:
    app = make_app(site.manager, site.manager.settings)
    live = [(route.method, written(route.resource)) for route in app.router.routes()]
    assert sorted(live) == sorted(TABLES)  # none missing, none twice, none beside


async def test_a_route_that_no_table_names_is_not_answered(site: Site) -> None:
    async def rogue(_request: web.Request) -> web.Response:
        return web.Response(text="the whole store")

    app = make_app(site.manager, site.manager.settings)
    app.router.add_get("/rogue", rogue)
    app.router.add_get("/api/v1/rogue", rogue)
    async with TestClient(TestServer(app)) as client:
        for path in ("/rogue", "/api/v1/rogue"):
            answer = await client.get(path)
            assert (answer.status, (await answer.json())["code"]) == (404, "not_found")


def test_every_address_says_who_may_ask_for_it() -> None:
    for entry in (*ROUTES, *PLACES):
        assert entry.policy.kinds
        assert entry.told.endswith(".")
