"""``POST /pair``: a site brings a code and gets its key; ``POST /disconnect``: it says that it is going."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request

from crossdock.api.integrations.operation import VERSION, Caller, Handler, OpenHandler, Operation, Reply
from crossdock.api.integrations.wordpress.checking import checked
from crossdock.api.integrations.wordpress.gate import BYTES, ITEMS
from crossdock.api.integrations.wordpress.items import parsed
from crossdock.api.integrations.wordpress.words import Pair
from crossdock.errors import AnotherSite, CrossdockError, ExpiredCode, UnknownCode
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub

PER_MINUTE: Final = 600
_SITE: Final = {
    "instance": "5b0b1b9e-59a2-4f0e-8d52-0f5a3f0c9a11",
    "url": "https://shop.example",
    "site_url": "https://shop.example",
    "rest_url": "https://shop.example/wp-json/",
    "name": "Tea shop",
    "wordpress": "6.9",
    "php": "8.2.35",
    "plugin": "1.0.0",
    "woocommerce": "11.0.1",
    "hpos": True,
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "locale": "de_DE",
    "multisite": False,
    "blog_id": 1,
    "environment": "production",
}
_CONNECTION: Final = {
    "id": "con_0068rabg9frpe9qn1jd4x6r7gg",
    "name": "shop-example",
    "connector": "woocommerce",
    "joined": True,
}


def limits(hub: Hub, per_minute: int = PER_MINUTE) -> dict[str, int]:
    """Return LIMITS."""
    return {"items": ITEMS, "bytes": min(BYTES, hub.settings.max_body_bytes), "per_minute": per_minute}


def operations(hub: Hub) -> tuple[Operation, ...]:
    """Return the operations."""

    async def pair(request: Request, body: bytes) -> Reply:
        del request
        try:
            word = checked(Pair, parsed(body))
            paired = await hub.pairing.pair(word.code, word.site.facts())
        except CrossdockError as refused:
            hub.refusals.note(refused.code, subject="plugin")
            raise
        home = paired.connection
        told: dict[str, Any] = {
            "key": paired.made.key,
            "secret": paired.made.secret,
            "signature_required": paired.signature_required,
            "connection": {
                "id": show(Prefix.CONNECTION, home.id),
                "name": home.name,
                "connector": home.connector,
                "joined": paired.joined,
            },
            "hub": {
                "url": hub.settings.public_url or "",
                "version": VERSION,
                "name": "Crossdock",
                "public_key": hub.vault.release_key,
            },
            "limits": limits(hub),
        }
        return Reply(told, 201)

    async def disconnect(caller: Caller, request: Request) -> Reply:
        del request
        key = caller.key
        await hub.sites.revoke(key.tenant_id, key.id, actor=f"site:{show(Prefix.SITE, key.id)}")
        return Reply({"disconnected": True})

    return (_pairing(pair), _disconnecting(disconnect))


def _pairing(pair: OpenHandler) -> Operation:
    return Operation(
        method="POST",
        path="/pair",
        summary="Bring a pairing code, get the site's key and secret. They are shown this once.",
        opens=pair,
        body="pair",
        body_example={"code": "TOKEN", "site": _SITE},
        answers={201: "paired"},
        example={
            "key": "cdk_…",
            "secret": "cds_…",
            "signature_required": True,
            "connection": _CONNECTION,
            "hub": {
                "url": "https://hub.example",
                "version": "1.0.0",
                "name": "Crossdock",
                "public_key": "base64 of the Ed25519 key that signs the plugin's releases",
            },
            "limits": {"items": ITEMS, "bytes": BYTES, "per_minute": PER_MINUTE},
        },
        refusals=(
            UnknownCode("there is no such pairing code", field="code", remedy="copy it whole, or make a new one"),
            ExpiredCode(
                "the pairing code was used, or is older than 15 minutes", field="code", remedy="make a new one"
            ),
            AnotherSite(
                "the pairing code is for https://shop.example", field="site.url", remedy="make a code for this site"
            ),
        ),
    )


def _disconnecting(disconnect: Handler) -> Operation:
    return Operation(
        method="POST",
        path="/disconnect",
        summary="Say that the site is going: its key ends at once, what it told stays.",
        does=disconnect,
        answers={200: "the key has ended"},
        example={"disconnected": True},
    )
