"""WooCommerce's webhooks: what is signed, how, and what a body can be trusted to say. Pure.

Facts (recordings of WooCommerce 11.0.1 and 7.9.0): the signature is base64 HMAC-SHA256 over the raw body, keyed with
the secret after HTML entities are decoded; the ping of a new webhook is form encoded and unsigned; a body is built
when it is delivered, so it may be an error object; a deletion is ``{"id": N}``; trashing a product also sends
``coupon.deleted`` with the product's id (with post storage trashing an order rings for products and coupons too), so
an id is only ever a doorbell on the topic's stream; ``action.*`` bodies carry the hook's first argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from crossdock.connect.connector import Arrived, Refused
from crossdock.connectors.woocommerce.fields import identifier, kind_of
from crossdock.connectors.woocommerce.mapper import observe
from crossdock.kit.signing import same, sign_base64
from crossdock.model.observation import Doorbell

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_LONGEST_ID: Final = 20
_PORTS: Final = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:/_~\[\]-]+")
_LONGEST_ADDRESS: Final = 200
_HERE: Final = {"localhost": "127.0.0.1", "::1": "127.0.0.1"}
_LANGUAGE = re.compile(r"(?:/[a-z]{2,3}(?:[-_][a-z]{2,4})?)?", re.IGNORECASE)
_STREAMS: Final = frozenset({"order", "product", "customer", "coupon"})
_ACTIONS: Final = (("coupon", "coupon"), ("customer", "customer"), ("product", "product"))
"""Word in an action's name -> stream; looked for in this order, before the order's own words."""
_ORDER_WORDS: Final = ("order", "payment")

# What wp_specialchars_decode(ENT_QUOTES) decodes, in one pass: names and decimal forms of & < > " ', hexadecimal
# ones of & " ' alone.
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#0*(?:34|38|39|60|62)|#[xX]0*(?:22|26|27));")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}


class WooCommerceDoor:
    """The receiving side of a WooCommerce connection."""

    def ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether this is the unsigned ``webhook_id=N`` of a new webhook. It must be answered with exactly 200."""
        return "x-wc-webhook-signature" not in headers and _PING.fullmatch(body.strip()) is not None

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]) -> None:
        """Check the signature with the secret of the webhook that claims to send, or with each when it is unknown.

        Raises :class:`~crossdock.connect.connector.Refused`. There is no time in the headers: a replay is told
        apart by its content alone.
        """
        theirs = headers.get("x-wc-webhook-signature", "").strip()
        if not theirs:
            raise Refused("the signature is missing")
        hook = self.hook_of(headers)
        # a secret that was replaced a short while ago stands as <id>~old: late deliveries are still signed with it
        claimed = [secret for name, secret in secrets.items() if hook and name.partition("~")[0] == hook]
        candidates = claimed or list(secrets.values())
        # every candidate is computed, so that the time taken does not tell which one fits
        fits = [same(sign_base64(signing_key(secret), body), theirs) for secret in candidates if secret]
        if not any(fits):
            raise Refused("the signature does not fit the body" if fits else "this connection has no webhook secret")

    def hook_of(self, headers: Mapping[str, str]) -> str:
        """Return the id of the webhook that says it sends this; empty where it is no number."""
        text = headers.get("x-wc-webhook-id", "")
        return text if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID else ""

    def stranger(self, headers: Mapping[str, str], account: Mapping[str, Any]) -> str:
        """Return the address of the site that sent this when it is not the connected shop's.

        A copy of a shop's database holds our webhooks with their secrets, so its deliveries verify. www or not, http
        or https and a language's folder (``/de/``, as translation plugins add) make no other site.
        """
        ours, theirs = account.get("site_url"), headers.get("x-wc-webhook-source", "").strip()
        if not isinstance(ours, str) or not ours or not theirs or _same_site(ours, theirs):
            return ""
        return theirs[:_LONGEST_ADDRESS] if _ADDRESS.fullmatch(theirs) else "an address that cannot be read"

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Arrived, ...]:
        """Read a verified delivery: an observation, a doorbell, or nothing when it names no entity.

        Nothing comes of error objects (the entity was deleted before the delivery; the body does not say which), of
        actions whose first argument is no id, and of resources that are no stream of ours.
        Raises ``ValueError`` naming what is malformed.
        """
        topic = headers.get("x-wc-webhook-topic", "").strip()
        resource, dot, event = topic.partition(".")
        if not dot:
            raise ValueError("x-wc-webhook-topic: expected resource.event")
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ValueError("body: expected JSON") from None
        if not isinstance(document, dict):
            raise ValueError(f"body: expected an object, got {kind_of(document)}")
        if resource == "action":
            return _action(event, document)
        if resource not in _STREAMS or ("id" not in document and _is_error(document)):
            return ()
        return (_resource(resource, event, document),)


DOOR: Final = WooCommerceDoor()


def signing_key(secret: str) -> bytes:
    """Return the HMAC key WooCommerce uses for a webhook's secret: its HTML entities decoded once, as UTF-8."""
    return _ENTITY.sub(_decoded, secret).encode()


def _decoded(match: re.Match[str]) -> str:
    name = match[0][1:-1]
    if name in _NAMED:
        return _NAMED[name]
    digits = name[1:]
    return chr(int(digits[1:], 16) if digits[0] in "xX" else int(digits))


def _same_site(ours: str, theirs: str) -> bool:
    try:
        one, other = urlsplit(ours), urlsplit(theirs)
        ports = {(parts.port or _PORTS.get(parts.scheme)) for parts in (one, other)}
    except ValueError:
        return False
    hosts = {_HERE.get(name, name) for name in ((p.hostname or "").removeprefix("www.") for p in (one, other))}
    added = other.path.rstrip("/").removeprefix(one.path.rstrip("/"))
    within = other.path.rstrip("/").startswith(one.path.rstrip("/"))
    return len(hosts) == 1 and (len(ports) == 1 or ports <= {80, 443}) and within and bool(_LANGUAGE.fullmatch(added))


def _is_error(document: dict[str, Any]) -> bool:
    data = document.get("data")
    return isinstance(document.get("code"), str) and isinstance(data, dict) and "status" in data


def _resource(resource: str, event: str, document: dict[str, Any]) -> Arrived:
    external_id = identifier(document.get("id"), "id")
    reason = f"{resource}.{event}"
    if event == "deleted" or len(document) == 1:
        return Doorbell(resource, external_id, reason=reason)
    if resource == "product" and document.get("type") == "variation":
        # the variations endpoint shows another document (other keys, another name) than the one sent here
        parent_id = identifier(document.get("parent_id"), "parent_id")
        return Doorbell("product", external_id, parent_id=parent_id if parent_id != "0" else None, reason=reason)
    return observe(resource, document)


def _action(name: str, document: dict[str, Any]) -> tuple[Arrived, ...]:
    stream = _action_stream(name)
    try:
        external_id = identifier(document.get("arg"), "arg")
    except ValueError:
        return ()
    if stream is None or external_id == "0":
        return ()
    return (Doorbell(stream, external_id, reason=f"action.{name}"),)


def _action_stream(name: str) -> str | None:
    for word, stream in _ACTIONS:
        if word in name:
            return stream
    return "order" if any(word in name for word in _ORDER_WORDS) else None
