"""The signature over the raw bytes, by the connector's own rule."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.connect.connector import Door, Refused
from crossdock.errors import Unauthenticated
from crossdock.flow.verify.refusals import Refusals
from crossdock.model.connection import Connection


def verify(
    door: Door,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Mapping[str, str],
    refusals: Refusals,
    connection: Connection,
) -> None:
    """Check an arrival. Raises ``Unauthenticated``; the refusal is counted, nothing of the request is kept."""
    try:
        door.verify(headers, body, secrets)
    except Refused as refused:
        refusals.note("bad-signature", connection)
        raise Unauthenticated(
            str(refused),
            field="signature",
            remedy="check that the webhook's secret is the one this connection was given",
        ) from None
