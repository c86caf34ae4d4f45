"""The reception: which door a connection has, and what stands in a verified body."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.connect.connector import Arrived, Connector, Door
from crossdock.errors import BadInput


def door_of(connector: Connector | None) -> Door:
    """Return the receiving side of a connector. Raises ``BadInput`` where there is none."""
    if connector is None or connector.door is None:
        raise BadInput("this connection does not receive webhooks", remedy="see the connector's page")
    return connector.door


def read_arrivals(door: Door, headers: Mapping[str, str], body: bytes) -> tuple[Arrived, ...]:
    """Read a verified body. Raises ``BadInput`` that names what is malformed, never a value."""
    try:
        return door.parse(headers, body)
    except ValueError as malformed:
        raise BadInput(
            f"the body cannot be read: {malformed}", field="body", remedy="send the vendor's own format"
        ) from None
