"""Who calls: Basic and query-string keys over https, OAuth 1.0a over http, key permissions.

Vendor facts 26 and 36 to 38, recordings ``auth/`` and ``errors/401*``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from .answers import WpError
from .settings import ApiKey, Settings

WINDOW_S = 15 * 60
_NEEDED = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_ERROR = "woocommerce_rest_authentication_error"


class Caller(msgspec.Struct, frozen=True):
    """Who calls: nobody, a key with its permissions, or a user by application password."""

    known: bool = False
    permissions: str = ""
    role: str = ""

    @property
    def may_manage(self) -> bool:
        """Whether the user may manage the shop."""
        return self.known and self.role == "administrator"


NOBODY = Caller()


class Gate:
    """Authenticates requests of one shop; remembers the OAuth nonces it has seen."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._nonces: dict[tuple[str, str], int] = {}

    def caller(self, method: str, url: str, query: list[tuple[str, str]], header: str | None, now: float) -> Caller:
        """Return who calls; raise the 401 WooCommerce raises for wrong credentials.

        ``url`` is the site's own address of the path, without a query.
        """
        if self.settings.strip_authorization:
            header = None
        if self.settings.https:
            found = self._basic(dict(query), header)
            if found is not None:
                return found
        return self._oauth(method, url, query, header, now)

    def rest_route_caller(self, header: str | None) -> Caller:
        """Return who calls by ``?rest_route=``: keys are unknown there, only WordPress' own users are."""
        user, password = basic_pair(header)
        if not user or self.settings.strip_authorization or not self.settings.https:
            return NOBODY
        known = self._application(user, password)
        if known is None:
            message = "<strong>Error:</strong> Unknown username. Check again or try your email address."
            raise WpError(401, "invalid_username", message)
        return known

    def _basic(self, query: dict[str, str], header: str | None) -> Caller | None:
        key, secret = query.get("consumer_key", ""), query.get("consumer_secret", "")
        if not (key and secret):
            key, secret = basic_pair(header)
        if not key:
            return None
        found = self._key(key)
        if found is None:
            return self._application(key, secret)
        if not hmac.compare_digest(found.consumer_secret.encode(), secret.encode()):
            raise WpError(401, _ERROR, "Consumer secret is invalid.")
        return Caller(known=True, permissions=found.permissions, role=found.role)

    def _application(self, user: str, password: str) -> Caller | None:
        expected = self.settings.application_passwords.get(user)
        if expected is None:
            return None
        given = password.replace(" ", "")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            return None
        return Caller(known=True, permissions="read_write", role="administrator")

    def _key(self, consumer_key: str) -> ApiKey | None:
        if self.settings.keys_revoked:
            return None
        found = next((key for key in self.settings.keys if key.consumer_key == consumer_key), None)
        if found is not None and self.settings.keys_permissions:
            return msgspec.structs.replace(found, permissions=self.settings.keys_permissions)
        return found

    def _oauth(self, method: str, url: str, query: list[tuple[str, str]], header: str | None, now: float) -> Caller:
        given = oauth_header(header)
        from_header = bool(given)
        given = given or {name: value for name, value in query if name.startswith("oauth_")}
        if not given.get("oauth_consumer_key"):
            return NOBODY
        missing = [name for name in _NEEDED if not given.get(name)]
        if missing:
            plural = "parameters" if len(missing) > 1 else "parameter"
            message = f"Missing OAuth {plural} {', '.join(missing)}"
            raise WpError(401, "woocommerce_rest_authentication_missing_parameter", message)
        key = self._key(given["oauth_consumer_key"])
        if key is None:
            raise WpError(401, _ERROR, "Consumer key is invalid.")
        pairs = [*query, *given.items()] if from_header else query
        check_signature(method, url, pairs, given, key.consumer_secret)
        self._fresh(given, now)
        return Caller(known=True, permissions=key.permissions, role=key.role)

    def _fresh(self, given: dict[str, str], now: float) -> None:
        stamp = int(given["oauth_timestamp"]) if given["oauth_timestamp"].isdigit() else 0
        if abs(now - stamp) > WINDOW_S:
            raise WpError(401, _ERROR, "Invalid timestamp.")
        key, nonce = given["oauth_consumer_key"], given["oauth_nonce"]
        if (key, nonce) in self._nonces:
            raise WpError(401, _ERROR, "Invalid nonce - nonce has already been used.")
        self._nonces = {at: seen for at, seen in self._nonces.items() if now - seen <= WINDOW_S}
        self._nonces[(key, nonce)] = stamp


def basic_pair(header: str | None) -> tuple[str, str]:
    """Return (user, password) of a Basic header, or two empty texts."""
    if not header or not header.lower().startswith("basic "):
        return "", ""
    try:
        text = base64.b64decode(header[6:], validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return user, password


def oauth_header(header: str | None) -> dict[str, str]:
    """Return the parameters of an ``Authorization: OAuth`` header."""
    if not header or not header.lower().startswith("oauth "):
        return {}
    return {name: unquote(value) for name, value in re.findall(r'(oauth_\w+)="([^"]*)"', header)}


def check_signature(method: str, url: str, pairs: list[tuple[str, str]], given: dict[str, str], secret: str) -> None:
    """Raise the 401 for a signature that does not match.

    WooCommerce signs the query as PHP has read it: ``status[0]`` survives that, ``status[]`` does not (fact 37).
    """
    name = given["oauth_signature_method"]
    if name not in _HASHES:
        raise WpError(401, _ERROR, "Invalid signature - signature method is invalid.")
    base = base_string(method, url, [(k, v) for k, v in pairs if k != "oauth_signature"])
    digest = hmac.new(f"{secret}&".encode(), base.encode(), _HASHES[name]).digest()
    ours = base64.b64encode(digest).decode()
    if not hmac.compare_digest(ours.encode(), given["oauth_signature"].replace(" ", "+").encode()):
        raise WpError(401, _ERROR, "Invalid signature - provided signature does not match.")


def base_string(method: str, url: str, pairs: list[tuple[str, str]]) -> str:
    """Return OAuth's base string as WooCommerce builds it."""
    merged: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            at = counts[name] = counts.get(name, -1) + 1
            merged[f"{name[:-2]}[{at}]"] = value
        else:
            merged[name] = value
    encoded = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in merged.items())
    joined = "%26".join(quote(f"{name}={value}", safe="~") for name, value in encoded)
    return f"{method.upper()}&{quote(url, safe='~')}&{joined}"


def require(caller: Caller, method: str) -> None:
    """Raise the 401 for a key that lacks the permission the method needs."""
    reads = method in ("GET", "HEAD", "OPTIONS")
    wanted = "read" if reads else "write"
    if caller.known and caller.permissions not in (wanted, "read_write"):
        if method == "OPTIONS":
            return
        raise WpError(401, _ERROR, f"The API key provided does not have {wanted} permissions.")


_REFUSALS: dict[str, tuple[str, str]] = {
    "list": ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
    "view": ("woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."),
    "create": ("woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."),
    "edit": ("woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "delete": ("woocommerce_rest_cannot_delete", "Sorry, you are not allowed to delete this resource."),
    "batch": ("woocommerce_rest_cannot_batch", "Sorry, you are not allowed to batch manipulate this resource."),
}


def refusal(caller: Caller, what: str) -> WpError | None:
    """Return why a caller may not do ``what`` (401 unknown, 403 known but not allowed), or None."""
    if caller.may_manage:
        return None
    code, message = _REFUSALS[what]
    return WpError(403 if caller.known else 401, code, message)


def hide(query: dict[str, Any]) -> dict[str, Any]:
    """Return a query without secrets (for logs and the control door)."""
    return {name: value for name, value in query.items() if name != "consumer_secret"}
