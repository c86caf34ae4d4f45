"""One connection as its pages show it: what it is, how it does, its tabs and its own pages elsewhere."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.connect.connector import Connector
from crossdock.connect.record_urls import account_pages
from crossdock.errors import NotFound
from crossdock.govern.directory import ACCESS, BY_GRANT
from crossdock.kit.ids import Prefix
from crossdock.model.connection import Connection, ConnectionState
from crossdock.web.desk import Desk
from crossdock.web.network.checking import RIGHTS
from crossdock.web.network.roster import Row, roster

_AUTH = {
    "basic": "REST key over https",
    "query": "REST key in the address",
    "oauth1": "REST key, signed (OAuth 1.0a)",
    "bearer": "access token",
    "signed": "a shared secret, every call signed",
    "secret_url": "its secret address",
}
_TOLD = (
    ("name", "Calls itself"),
    ("site_url", "Address"),
    ("host", "Host"),
    ("portal_id", "Portal"),
    ("version", "Version"),
    ("wordpress", "WordPress"),
    ("currency", "Currency"),
    ("time_zone", "Time zone"),
)


class View(msgspec.Struct, frozen=True):
    """One connection, opened."""

    connection: Connection
    connector: Connector | None
    row: Row

    @property
    def base(self) -> str:
        """Return the path of its pages."""
        return f"/connections/{self.row.id}"

    @property
    def active(self) -> bool:
        """Whether it reads and delivers."""
        return self.connection.state is ConnectionState.ACTIVE

    @property
    def pages(self) -> dict[str, str]:
        """Return its account's own pages."""
        return account_pages(self.connector.manifest, self.connection.account) if self.connector else {}

    @property
    def signs_in(self) -> str:
        """Return by what it lets us in, in words."""
        if self.connection.config.get(ACCESS) == BY_GRANT:
            return "access that a person granted (OAuth 2.0)"
        if str(self.connection.config.get("url") or "").startswith("http://") and self.row.reads:
            return _AUTH["oauth1"] if self.row.hooks else _AUTH["signed"]
        chosen = str(self.connection.account.get("auth") or self.connection.config.get("auth") or "")
        kinds = [str(kind) for kind in self.connector.manifest.auth.kinds] if self.connector else []
        return _AUTH.get(chosen) or next((_AUTH[kind] for kind in kinds if kind in _AUTH), "nothing is needed")

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Return what its account told of itself."""
        account = self.connection.account
        told = [(label, str(account[name])) for name, label in _TOLD if account.get(name) not in (None, "")]
        rights = RIGHTS.get(str(account.get("permissions")))
        return [("Signs in by", self.signs_in), *([("May", rights)] if rights else []), *told]


async def opened(desk: Desk) -> View:
    """Return the connection of the address. Raises ``NotFound``."""
    wanted = desk.id(Prefix.CONNECTION, "connection_id")
    connection = await desk.hub.connections.one(desk.tenant_id, wanted)
    rows = {row.uuid: row for row in await roster(desk.hub, desk.tenant_id)}
    if wanted not in rows:
        raise NotFound("there is no such connection", remedy="look at the list of connections")
    return View(connection, desk.hub.directory.connector(connection.connector), rows[wanted])


def framed(desk: Desk, view: View, here: str) -> dict[str, Any]:
    """Return what the frame of its pages needs: the view, its tabs, and which of them this is."""
    tabs = [("How it does", "", True), ("Streams", "streams", view.row.reads), ("Webhooks", "webhooks", view.row.hooks)]
    tabs += [("Schema", "schema", True), ("Limits", "limits", view.connector is not None)]
    tabs += [("Settings", "settings", desk.may("admin")), ("History", "history", True)]
    shown = [
        (label, desk.to(f"{view.base}/{path}" if path else view.base), path == here, 0)
        for label, path, on in tabs
        if on
    ]
    return {"view": view, "tabs": shown}
