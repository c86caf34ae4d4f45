"""The ways out: from a record here to its own page at the store or at the destination."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from crossdock.connect.record_urls import entity_url, record_url
from crossdock.model.connection import Connection
from crossdock.wiring import Hub

_SEES_PARENT = ("refund", "note")
"""Streams whose entities have no page of their own: people see them at the order they belong to."""


class Outside(msgspec.Struct, frozen=True):
    """A page at a vendor, and what its link says."""

    url: str
    label: str


def at_source(
    hub: Hub, connection: Connection, stream: str, external_id: str, parent_id: str | None = None
) -> Outside | None:
    """Return the page of an entity at the account it comes from; None where the vendor has none."""
    if stream in _SEES_PARENT:
        stream, external_id = "order", parent_id or ""
    connector = hub.directory.connector(connection.connector)
    url = entity_url(connector.manifest, stream, external_id, connection.account) if connector else None
    return Outside(url, _label(hub, connection)) if url else None


def at_destination(hub: Hub, connection: Connection, object_name: str, external_id: str | None) -> Outside | None:
    """Return the page of a record at a destination, named by the vendor's object (``deals``)."""
    connector = hub.directory.connector(connection.connector)
    url = record_url(connector.manifest, object_name, external_id or "", connection.account) if connector else None
    return Outside(url, _label(hub, connection)) if url else None


def written_by(
    hub: Hub, connection: Connection, action: str, external_id: str | None, linked: Iterable[tuple[str, str]] = ()
) -> Outside | None:
    """Return the page of what an action of a route has written.

    ``linked``: pairs of object and id that are on record, for actions that write several objects.
    """
    connector = hub.directory.connector(connection.connector)
    if connector is None or not external_id:
        return None
    objects = next((one.objects for one in connector.manifest.actions if one.name == action), ())
    known = [name for name, at in linked if at == external_id and name in objects]
    if not known and len(objects) != 1:
        return None
    return at_destination(hub, connection, (known or list(objects))[0], external_id)


def title_of(hub: Hub, connection: Connection) -> str:
    """Return the vendor's name as people know it."""
    connector = hub.directory.connector(connection.connector)
    return connector.manifest.identity.title if connector else connection.connector


def _label(hub: Hub, connection: Connection) -> str:
    return f"Open in {title_of(hub, connection)}"
