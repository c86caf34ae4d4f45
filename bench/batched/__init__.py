"""A connector of the benchmarks: the webhook connector's messages, a hundred of them in one signed request."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.connect.connector import Connector
from crossdock.connect.manifest import beside
from crossdock.connectors.webhook.destination import ACCEPTED, WebhookDestination
from crossdock.model.outcome import Outcome, Retry
from crossdock.model.plan import Resolved

MANIFEST = beside(__file__)


class BatchedDestination(WebhookDestination):
    """Posts a claim's messages together; the receiver takes all of them or none."""

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Send one request."""
        ids = [write.idempotency_key.replace(".", "-") for write in writes]
        parts = (b'{"id":"%s","message":%s}' % (i.encode(), w.write.body) for i, w in zip(ids, writes, strict=True))
        reply = await self._client.post(ids[0], b"[" + b",".join(parts) + b"]")
        outcome: Outcome = ACCEPTED if reply.status == 200 else Retry(f"answered {reply.status}")
        return [outcome] * len(writes)


CONNECTOR = Connector(
    manifest=MANIFEST, destination=lambda access: BatchedDestination(access, MANIFEST), door=None, source=None
)
