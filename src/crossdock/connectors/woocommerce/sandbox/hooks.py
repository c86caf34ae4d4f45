"""Webhooks: their records as REST shows them, and the queue of deliveries yet to be made.

Vendor facts 1 to 17; recordings ``rest/webhook_*``, ``errors/webhook_*`` and ``webhooks/``.
"""

from __future__ import annotations

import random
import re
from collections import deque
from heapq import heappop, heappush
from typing import Any

import msgspec

from .answers import WpError, invalid_id
from .rendering import links
from .settings import Settings
from .shop import Event, Shop
from .table import Row

HOOKS: dict[str, list[str]] = {
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
    "customer.created": ["user_register", "woocommerce_created_customer", "woocommerce_new_customer"],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": ["woocommerce_process_product_meta", "woocommerce_new_product"],
    "product.updated": ["woocommerce_process_product_meta", "woocommerce_update_product"],
    "product.deleted": ["wp_trash_post"],
    "product.restored": ["untrashed_post"],
    "product.published": ["publish_product"],
}
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()-_[]{}<>~+=,.;:/?|"
MOST_FAILURES = 5


class Webhook(msgspec.Struct):
    """One webhook; ``secret`` is what was stored (HTML entities and all) and is never shown."""

    id: int
    name: str
    status: str
    topic: str
    delivery_url: str
    secret: str
    date_created: str
    date_created_gmt: str
    date_modified: str | None = None
    date_modified_gmt: str | None = None
    pending_delivery: bool = True
    failures: int = 0

    def __repr__(self) -> str:
        return f"Webhook({self.id}, {self.topic}, {self.status})"

    def shown(self, base: str) -> Row:
        """Return the webhook as REST shows it."""
        resource, _, event = self.topic.partition(".")
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "topic": self.topic,
            "resource": resource,
            "event": event,
            "hooks": HOOKS.get(self.topic, [event]),
            "delivery_url": self.delivery_url,
            "date_created": self.date_created,
            "date_created_gmt": self.date_created_gmt,
            "date_modified": self.date_modified,
            "date_modified_gmt": self.date_modified_gmt,
            "_links": links(base, f"webhooks/{self.id}", "webhooks"),
        }


class Job(msgspec.Struct):
    """A delivery that waits: the body is made when it is sent (vendor fact 3)."""

    webhook_id: int
    topic: str
    resource_id: int
    due: float


class Hooks:
    """All webhooks of a shop, and the queue."""

    def __init__(self, shop: Shop, settings: Settings) -> None:
        self.shop = shop
        self.settings = settings
        self.rows: dict[int, Webhook] = {}
        self.waiting: dict[tuple[int, int], Job] = {}
        self._heap: list[tuple[float, int, tuple[int, int]]] = []
        self._serial = 0
        self.log: deque[dict[str, Any]] = deque(maxlen=20_000)
        self.random = random.Random(settings.seed)  # noqa: S311 - faults need to be repeatable, not secret
        self.woken: list[Any] = []
        self.base = "http://127.0.0.1"
        """The site's own address as last seen: bodies made outside a request use it."""
        shop.listeners.append(self.heard)

    def heard(self, event: Event) -> None:
        """Queue the deliveries of one event; one that already waits for the same resource is enough (fact 3)."""
        for hook in self.rows.values():
            if hook.status != "active" or hook.topic != event.topic:
                continue
            key = (hook.id, event.resource_id)
            if key in self.waiting:
                continue
            due = self.shop.clock.time() + self.settings.webhook_delay_s
            if self.random.random() < self.settings.out_of_order_share:
                due += self.random.uniform(0.2, 1.0) * self.settings.out_of_order_s
            self.waiting[key] = Job(hook.id, event.topic, event.resource_id, due)
            self._serial += 1
            heappush(self._heap, (due, self._serial, key))
        for wake in self.woken:
            wake()

    def next_due(self) -> float | None:
        """Return when the next delivery is due, in the shop's time."""
        while self._heap and self._heap[0][2] not in self.waiting:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self) -> Job:
        """Take the delivery that is due next; ``next_due`` must have said that there is one."""
        key = heappop(self._heap)[2]
        return self.waiting.pop(key)

    def create(self, params: dict[str, Any]) -> Webhook:
        """Register a webhook; it starts active and unproven (pending_delivery) until a ping is answered with 200."""
        topic = str(params.get("topic") or "").strip().lower()
        if not valid_topic(topic):
            raise WpError(400, "woocommerce_rest_shop_webhook_invalid_topic", _BAD_TOPIC)
        url = str(params.get("delivery_url") or "")
        _check_url(url)
        site, gmt = self.shop.clock.stamps()
        hook_id = self.shop.next_id("webhook")
        secret = str(params.get("secret") or "") or "".join(self.random.choices(_LETTERS, k=50))
        name = str(params.get("name") or "") or self._name(gmt)
        status = str(params.get("status") or "active")
        hook = Webhook(hook_id, name, status, topic, url, secret, site, gmt)
        self.rows[hook_id] = hook
        return hook

    def _name(self, gmt: str) -> str:
        from datetime import datetime

        at = datetime.fromisoformat(gmt)
        return at.strftime("Webhook created on %b %d, %Y @ %I:%M %p")

    def held(self, hook_id: int, status: int = 404) -> Webhook:
        """Return one webhook or raise WooCommerce's error."""
        hook = self.rows.get(hook_id)
        if hook is None:
            raise invalid_id("shop_webhook", status)
        return hook

    def update(self, hook_id: int, params: dict[str, Any]) -> tuple[Webhook, bool]:
        """Change a webhook; return it and whether a ping is due. The failure count stays (vendor fact 5)."""
        hook = self.held(hook_id, 400)
        if params.get("topic"):
            topic = str(params["topic"]).strip().lower()
            if not valid_topic(topic):
                raise WpError(400, "woocommerce_rest_shop_webhook_invalid_topic", _BAD_TOPIC)
            hook.topic = topic
        moved = False
        if params.get("delivery_url"):
            _check_url(str(params["delivery_url"]))
            moved = params["delivery_url"] != hook.delivery_url
            hook.delivery_url = str(params["delivery_url"])
        if params.get("secret"):
            hook.secret = str(params["secret"])
        if params.get("name"):
            hook.name = str(params["name"])
        revived = params.get("status") == "active" and hook.status != "active"
        if params.get("status") in ("active", "paused", "disabled"):
            hook.status = params["status"]
        hook.date_modified, hook.date_modified_gmt = self.shop.clock.stamps()
        due = hook.status == "active" and (revived or moved)
        hook.pending_delivery = hook.pending_delivery or due
        return hook, due

    def delete(self, hook_id: int) -> Webhook:
        """Delete a webhook; what waits for it is dropped."""
        hook = self.held(hook_id)
        del self.rows[hook_id]
        for key in [key for key in self.waiting if key[0] == hook_id]:
            del self.waiting[key]
        return hook

    def succeeded(self, hook: Webhook) -> None:
        """Forget earlier failures."""
        hook.failures = 0

    def failed(self, hook: Webhook) -> None:
        """Count a failure; the seventh in a row disables the webhook (vendor fact 5)."""
        if hook.failures > MOST_FAILURES:
            hook.status = "disabled"
            hook.date_modified, hook.date_modified_gmt = self.shop.clock.stamps()
        else:
            hook.failures += 1


_BAD_TOPIC = "Webhook topic is required and must be valid."


def valid_topic(topic: str) -> bool:
    """Whether REST takes a topic: resource.event as in ``HOOKS``, or ``action.`` and a hook's name (fact 16)."""
    if topic.startswith("action."):
        return bool(re.fullmatch(r"action\.[a-z0-9_]+", topic))
    return topic in HOOKS


def _check_url(url: str) -> None:
    if not re.match(r"^https?://[^/\s]+", url):
        message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise WpError(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", message)
