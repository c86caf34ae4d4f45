"""WooCommerce's own page of consent: one click there, and the keys come to our callback. Pure.

Facts (recorded, ``wc-auth/``): the callback has to be https (else a 401 page) and is sent JSON ``key_id, user_id,
consumer_key, consumer_secret, key_permissions`` without a signature; ``user_id`` is whatever we sent; anything but an
answer of exactly 200 makes the shop delete the key; an ``&`` in ``app_name`` cuts it off on the way through the login.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from crossdock.connect.account_page import Granted
from crossdock.kit import site_address

APP_NAME: Final = "Crossdock"
_LONGEST: Final = 200


class WooCommerceAuthorization:
    """The page ``/wc-auth/v1/authorize`` of a shop."""

    def url(self, config: Mapping[str, Any], *, state: str, callback_url: str, return_url: str) -> str:
        """Return the page of the shop at ``config["url"]``. Raises ``ValueError`` for what is no address."""
        asked = {
            "app_name": APP_NAME,
            "scope": "read_write",
            "user_id": state,
            "return_url": return_url,
            "callback_url": callback_url,
        }
        return f"{site_address.site_url(str(config.get('url', '')))}/wc-auth/v1/authorize?{urlencode(asked)}"

    def granted(self, headers: Mapping[str, str], body: bytes) -> Granted:
        """Read the shop's POST; its User-Agent and content type prove nothing and are not looked at."""
        del headers
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ValueError("body: expected JSON") from None
        if not isinstance(document, dict):
            raise ValueError("body: expected an object")
        found = {name: document.get(name) for name in ("user_id", "consumer_key", "consumer_secret")}
        for name, value in found.items():
            if not isinstance(value, str) or not value or len(value) > _LONGEST or not value.isascii():
                raise ValueError(f"{name}: expected a short text")
        return Granted(
            str(found["user_id"]), {"key": str(found["consumer_key"]), "secret": str(found["consumer_secret"])}
        )
