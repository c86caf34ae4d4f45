"""The site's memory: its entities, their meta, the commands it has seen, and its outbox."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime
from typing import Any

from crossdock.connectors.wordpress.sandbox import documents
from crossdock.connectors.wordpress.sandbox.settings import Settings

KINDS = ("order", "customer", "product", "refund")


class Site:
    """One site."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.entities: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.meta: dict[str, dict[int, dict[str, str]]] = {"user": {}, "order": {}}
        self.writes: dict[str, int] = {}
        """``kind:id`` -> how often its meta was really written."""
        self.commands: dict[str, str] = {}
        """Id -> what it was, of all commands that were carried out."""
        self.outbox: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        """What the hub answered to each batch."""
        self.requests = 0
        self.refused: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def facts(self, url: str) -> dict[str, Any]:
        """Return what the site says of itself."""
        home = self.settings.home or url
        rest = f"{home}/index.php?rest_route=/" if self.settings.plain_permalinks else f"{home}/wp-json/"
        return {
            "instance": self.settings.instance,
            "url": home,
            "site_url": home,
            "rest_url": rest,
            "name": "Sandbox Tea",
            "wordpress": "6.9",
            "php": "8.2.35",
            "plugin": "1.0.0",
            "woocommerce": self.settings.woocommerce,
            "hpos": True,
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "locale": "de_DE",
            "multisite": False,
            "blog_id": 1,
            "environment": "production",
        }

    def status(self) -> dict[str, Any]:
        """Return what ``GET status`` tells."""
        said = self.settings
        counts = {"waiting": len(self.outbox), "sending": 0, "sent": len(self.sent), "dead": said.dead}
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "time": now,
            "outbox": {**counts, "oldest_s": said.oldest_s},
            "sending": {
                "paused": bool(said.paused),
                "reason": said.paused,
                "failures": 0,
                "last_success": None,
                "next_run": now,
                "by": "wp-cron",
            },
            "cron": {"disabled": False, "late_s": said.cron_late_s},
            "versions": {"plugin": "1.0.0", "wordpress": "6.9", "php": "8.2.35", "woocommerce": said.woocommerce},
        }

    # what people do

    def number(self) -> int:
        """Return an id that nothing has."""
        return next(self._numbers)

    def add(self, kind: str, **changes: Any) -> dict[str, Any]:
        """Make an entity with its defaults, changed by ``changes``, and tell of it."""
        number, at = int(changes.pop("id", 0) or self.number()), datetime.now(UTC)
        made = self._made(kind, number, at, changes) | changes
        self.entities[kind][number] = made
        self.tell(kind, number)
        return made

    def _made(self, kind: str, number: int, at: datetime, changes: dict[str, Any]) -> dict[str, Any]:
        if kind == "customer":
            email = str(changes.get("email") or f"user{number}@example.com")
            return documents.customer(number, at, email, "Ana", "Silva")
        if kind == "product":
            return documents.product(number, at)
        if kind == "refund":
            return documents.refund(number, at, self.entities["order"][int(changes["parent_id"])])
        products = self.entities["product"]
        product = next(iter(products.values())) if products else self.add("product")
        return documents.order(number, at, self.entities["customer"].get(int(changes.get("customer_id") or 0)), product)

    def put(self, kind: str, document: dict[str, Any]) -> None:
        """Hold a document as it is (another shop's recording), and tell of it."""
        self.entities[kind][int(document["id"])] = document
        self.tell(kind, int(document["id"]))

    def change(self, kind: str, number: int, **changes: Any) -> dict[str, Any]:
        """Change an entity and tell of it. Raises ``KeyError``."""
        text = documents.stamp(datetime.now(UTC))
        self.entities[kind][number] |= {"date_modified": text, "date_modified_gmt": text, **changes}
        self.tell(kind, number)
        return self.entities[kind][number]

    def delete(self, kind: str, number: int) -> None:
        """Delete an entity and tell of it. Raises ``KeyError``."""
        del self.entities[kind][number]
        self.tell(kind, number, action="deleted")

    # the outbox

    def tell(self, kind: str, number: int, action: str = "saved", origin: str = "live") -> None:
        """Put a state into the outbox; one that waits already is not put there twice."""
        waiting = (row for row in self.outbox if (row["kind"], row["ref"], row["action"]) == (kind, number, action))
        if next(waiting, None) is None:
            self.outbox.append(self._row(kind, number, action, origin))

    def happen(self, name: str, data: dict[str, Any], entity: str | None, subject: str | None) -> dict[str, Any]:
        """Put an occurrence into the outbox."""
        row = self._row("event", 0, "saved", "live")
        row |= {"type": name, "entity": entity, "subject": subject, "data": data}
        self.outbox.append(row)
        return row

    def _row(self, kind: str, ref: int, action: str, origin: str) -> dict[str, Any]:
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "id": str(uuid.uuid4()),
            "kind": kind,
            "ref": ref,
            "action": action,
            "occurred_at": at,
            "origin": origin,
        }

    def item(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Return a row as it is sent; a state is read now. None: what it tells of is gone meanwhile."""
        said = {name: row[name] for name in ("id", "kind", "occurred_at", "origin")}
        if row["kind"] == "event":
            return said | {name: row[name] for name in ("type", "entity", "subject", "data")}
        if row["action"] == "deleted":
            return said | {"action": "deleted", "data": {"id": row["ref"]}}
        document = self.entities[row["kind"]].get(row["ref"])
        return said | {"action": "saved", "data": document} if document is not None else None

    def ready(self) -> list[dict[str, Any]]:
        """Return what is to be sent; rows that tell of nothing any more leave the outbox."""
        made = [(row, self.item(row)) for row in self.outbox]
        self.outbox = [row for row, item in made if item is not None]
        return [item for _, item in made if item is not None]

    def export(self, kinds: list[str]) -> int:
        """Put all entities of some kinds into the outbox."""
        for kind in kinds:
            for number in self.entities[kind]:
                self.tell(kind, number, origin="bulk")
        return sum(len(self.entities[kind]) for kind in kinds)
