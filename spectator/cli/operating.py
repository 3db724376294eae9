"""Where an operator's commands do their work: by the API of a server, or straight in the store.

With ``SPECTATOR_OPERATOR_KEY`` they ask a server. Without it they open the store of the data folder (or
``--redis``) themselves: whoever can do that needs no key.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Union
from urllib.parse import quote, urlencode

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import environment, place
from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.environment import Environment
from spectator.client.local_server import LocalServer

Fields = Dict[str, Any]
Work = Callable[[Any], Awaitable[Any]]
INSTALL = "pip install 'spectator-rooms[local]'"
OWN_PACKAGES = frozenset({"rooms", "spectator"})


def desk(arguments: argparse.Namespace) -> Union[ApiDesk, StoreDesk]:
    """Return where this command does its work.

    Raises:
        CommandError: a server was named and there is no operator key for it, or none runs.
    """
    told = environment(arguments)
    if arguments.redis is not None or (told.operator_key is None and told.url is None):
        return StoreDesk(arguments)
    if told.operator_key is None:
        raise CommandError(
            "unauthorized",
            f"Set SPECTATOR_OPERATOR_KEY to an operator key of {told.url}; without it tenants are reached "
            "only on the server's own machine.",
        )
    return ApiDesk(operator_api(arguments))


def operator_api(arguments: argparse.Namespace) -> Api:
    """Return the server to ask as an operator, for what is told by servers only.

    Raises:
        CommandError: there is no operator key in the environment, or no server.
    """
    told = environment(arguments)
    if told.operator_key is None:
        raise CommandError("unauthorized", "Set SPECTATOR_OPERATOR_KEY to an operator key of that server.")
    return Api(_address(told), told.operator_key)


def usage_desk(arguments: argparse.Namespace) -> Union[ApiDesk, StoreDesk]:
    """Return where usage is asked for: an API key may ask for its own tenant's."""
    told = environment(arguments)
    if told.operator_key is None and (told.api_key is not None or told.url is not None):
        return ApiDesk(Api(*place(arguments)))
    return desk(arguments)


def _address(told: Environment) -> Address:
    if told.url is not None:
        return Address.parse(told.url)
    found = LocalServer(told.data_dir).find()
    if found is None:
        raise CommandError("no_server", "No server is running. Start one: spectator serve", Exit.NO_SERVER)
    return found.address


class ApiDesk:
    """Tenants and keys by the API of a server."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create_tenant(self, fields: Mapping[str, Any]) -> Fields:
        """Make a tenant; returns it."""
        return self._ask("POST", "/tenants", fields)

    def tenants(self) -> List[Fields]:
        """Return all tenants."""
        return list(self._ask("GET", "/tenants")["tenants"])

    def tenant(self, tenant: str) -> Fields:
        """Return one tenant."""
        return self._ask("GET", _path(tenant))

    def change_tenant(self, tenant: str, fields: Mapping[str, Any]) -> Fields:
        """Change a tenant; returns it as it is now."""
        return self._ask("PATCH", _path(tenant), fields)

    def delete_tenant(self, tenant: str) -> None:
        """Remove a tenant with all that is its own."""
        self._ask("DELETE", _path(tenant))

    def create_key(self, fields: Mapping[str, Any]) -> Fields:
        """Make a key; only this answer holds it, as ``key``."""
        return self._ask("POST", "/keys", fields)

    def keys(self, tenant: Optional[str]) -> List[Fields]:
        """Return the keys of a tenant, or all."""
        return list(self._ask("GET", "/keys" + _query(tenant))["keys"])

    def revoke(self, key_id: str) -> None:
        """Make a key worthless."""
        self._ask("DELETE", f"/keys/{quote(key_id, safe='')}")

    def usage(self, tenant: Optional[str]) -> List[Fields]:
        """Return what a tenant uses, or all, or (for an API key) its own."""
        return list(self._ask("GET", "/usage" + _query(tenant))["usage"])

    def _ask(self, method: str, path: str, fields: Optional[Mapping[str, Any]] = None) -> Fields:
        answer: Fields = self._api.request(method, path, fields)
        return answer


class StoreDesk:
    """The same, straight in the store of the data folder, or of ``--redis``. Nobody is asked for a key."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments

    def create_tenant(self, fields: Mapping[str, Any]) -> Fields:
        """Make a tenant; returns it."""
        from rooms import NewTenant
        from spectator.server.calls.tenants import tenant_view

        new = self._checked(NewTenant, fields)
        work = _noted("tenant_create", lambda at: at.tenants.create(new), lambda made: made.id)
        return self._one(work, tenant_view)

    def tenants(self) -> List[Fields]:
        """Return all tenants."""
        from spectator.server.calls.tenants import tenant_view

        return self._many(lambda at: at.tenants.all(), tenant_view)

    def tenant(self, tenant: str) -> Fields:
        """Return one tenant."""
        from spectator.server.calls.tenants import tenant_view

        return self._one(lambda at: at.tenants.get(tenant), tenant_view)

    def change_tenant(self, tenant: str, fields: Mapping[str, Any]) -> Fields:
        """Change a tenant; returns it as it is now."""
        from rooms import TenantPatch
        from spectator.server.calls.tenants import changed_words, tenant_view

        patch = self._checked(TenantPatch, fields)
        work = _noted(
            "tenant_change",
            lambda at: at.tenants.change(tenant, patch),
            lambda changed: changed_words(changed, patch),
        )
        return self._one(work, tenant_view)

    def delete_tenant(self, tenant: str) -> None:
        """Remove a tenant with all that is its own."""
        self._do(_noted("tenant_delete", lambda at: at.tenants.delete(tenant), lambda _: tenant))

    def create_key(self, fields: Mapping[str, Any]) -> Fields:
        """Make a key; only this answer holds it, as ``key``."""
        from rooms import NewKey
        from spectator.server.calls.tenants import key_words, made_key_view

        new = self._checked(NewKey, fields)
        return self._one(_noted("key_create", lambda at: at.tenants.make_key(new), key_words), made_key_view)

    def keys(self, tenant: Optional[str]) -> List[Fields]:
        """Return the keys of a tenant, or all."""
        from spectator.server.calls.tenants import key_view

        return self._many(lambda at: at.tenants.keys(tenant), key_view)

    def revoke(self, key_id: str) -> None:
        """Make a key worthless."""
        self._do(_noted("key_revoke", lambda at: at.tenants.revoke(key_id), lambda _: key_id))

    def usage(self, tenant: Optional[str]) -> List[Fields]:
        """Return what a tenant uses, or all."""
        from spectator.server.calls.tenants import usage_view

        async def ask(at: Any) -> List[Any]:
            names = [tenant] if tenant is not None else [one.id for one in await at.tenants.all()]
            return [await at.quotas.usage(name) for name in names]

        return self._many(ask, usage_view)

    @staticmethod
    def _checked(form: Any, fields: Mapping[str, Any]) -> Any:
        from rooms import RoomsError

        try:
            return form.read(fields)
        except RoomsError as error:
            raise CommandError(error.code, error.message) from None

    def _one(self, work: Work, shown: Callable[[Any], Any]) -> Fields:
        """Do it, and return the result as it is shown, ready for JSON."""
        view: Fields = shown(self._do(work)).model_dump(mode="json")
        return view

    def _many(self, work: Work, shown: Callable[[Any], Any]) -> List[Fields]:
        return [shown(one).model_dump(mode="json") for one in self._do(work)]

    def _do(self, work: Work) -> Any:
        """Open the store and do it there."""
        try:
            from rooms import RoomsError
            from spectator.embedded import StoreError
            from spectator.settings import Settings, SettingsError
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in OWN_PACKAGES:
                raise  # a broken installation is not mended by installing more
            raise CommandError(
                "not_installed", f"{error.name} is missing: {INSTALL}", Exit.CANNOT_START
            ) from error
        try:
            given = {"redis_url": self._arguments.redis, "data_dir": self._arguments.data}
            return asyncio.run(_at_store(Settings.load(given), work))
        except RoomsError as error:
            raise CommandError(error.code, error.message) from None
        except (SettingsError, StoreError) as error:
            raise CommandError("cannot_start", str(error), Exit.CANNOT_START) from error


def _noted(what: str, work: Work, subject: Callable[[Any], str]) -> Work:
    """The work, noted in the operators' audit when it is done; ``subject`` tells to what of its result."""

    async def do(at: Any) -> Any:
        done = await work(at)
        await at.note(what, subject(done))
        return done

    return do


async def _at_store(settings: Any, work: Work) -> Any:
    from rooms import Operating, connect
    from spectator.embedded import open_store

    store = None if settings.redis_url is not None else await open_store(settings.data_dir)
    try:
        connection = await connect(settings.redis_url if store is None else store.url)
        try:
            at = Operating.on(connection)
            await at.tenants.ensure_local()
            return await work(at)
        finally:
            await connection.close()
    finally:
        if store is not None:
            await store.close()


def _path(tenant: str) -> str:
    return f"/tenants/{quote(tenant, safe='')}"


def _query(tenant: Optional[str]) -> str:
    return "" if tenant is None else "?" + urlencode({"tenant": tenant})
