"""Webhook: each event posted to an address, signed by Standard Webhooks or as a Slack message."""

from __future__ import annotations

from crossdock.connect.connector import Connector
from crossdock.connect.manifest import beside
from crossdock.connectors.webhook.destination import WebhookDestination

MANIFEST = beside(__file__)

CONNECTOR = Connector(
    manifest=MANIFEST, destination=lambda access: WebhookDestination(access, MANIFEST), door=None, source=None
)
