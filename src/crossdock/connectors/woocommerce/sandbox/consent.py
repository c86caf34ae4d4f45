"""The pages ``/wc-auth/v1/``: a person lets an app in with one click, and the keys are POSTed to its callback.

Recordings ``wc-auth/``, vendor fact 39. The login takes any name and password: who may log in is not what is tried
here. A callback that answers anything but 200 makes the shop delete the key it has just made.
"""

from __future__ import annotations

import random
import secrets
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from . import php
from .deliveries import call_out
from .settings import ApiKey, Settings
from .troubles import HTML, NOT_FOUND, Page

ROOT: Final = "/wc-auth/v1"
_NEEDED: Final = ("app_name", "user_id", "return_url", "callback_url", "scope")
_SCOPES: Final = ("read", "write", "read_write")
_PRIVATE: Final = {
    **HTML,
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
_COOKIE: Final = "wordpress_logged_in_sandbox"


class Consent:
    """The consent pages of one shop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._sessions: set[str] = set()
        self._nonce = secrets.token_hex(5)
        self._ids = random.Random(settings.seed)  # noqa: S311 - a sandbox's keys are no secret
        self._made = 4
        self.made: list[str] = []
        """Consumer keys that were made here and are still good."""

    async def answer(self, method: str, path: str, query: str, cookie: str, body: bytes, base: str) -> Page:
        """Answer a request below ``/wc-auth/v1/``."""
        page = path.removeprefix(ROOT).strip("/")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        if page not in ("authorize", "login", "access_granted"):
            return 404, HTML, NOT_FOUND
        wrong = _wrong(asked)
        if wrong:
            return _refused(wrong)
        if page == "login":
            return self._login(method, asked, body, base)
        if not self._logged_in(cookie):
            # the recorded redirect leaves an & in app_name as it is, which cuts the name off
            return 302, {**HTML, "X-Redirect-By": "WordPress", "Location": f"{base}{ROOT}/login/?{_loose(asked)}"}, b""
        if page == "authorize":
            return self._ask(asked, base)
        if not secrets.compare_digest(asked.get("wc_auth_nonce", ""), self._nonce):
            return _refused("Invalid nonce verification")
        return await self._grant(asked, base)

    def _logged_in(self, cookie: str) -> bool:
        found = dict(part.strip().split("=", 1) for part in cookie.split(";") if "=" in part)
        return found.get(_COOKIE, "") in self._sessions

    def _login(self, method: str, asked: dict[str, str], body: bytes, base: str) -> Page:
        if method != "POST":
            form = '<form method="post"><input name="username"><input name="password" type="password"></form>'
            return 200, HTML, f"<!DOCTYPE html><title>Login</title>{form}".encode()
        given = dict(parse_qsl(body.decode("utf-8", "replace")))
        if not given.get("username") or not given.get("password"):
            return 200, HTML, b"<!DOCTYPE html><title>Login</title><p>Error: the fields are empty.</p>"
        session = secrets.token_hex(16)
        self._sessions.add(session)
        where = f"{base}{ROOT}/authorize/?{urlencode(asked)}"
        headers = {**HTML, "Location": where, "Set-Cookie": f"{_COOKIE}={session}; path=/; HttpOnly"}
        return 302, headers, b""

    def _ask(self, asked: dict[str, str], base: str) -> Page:
        yes = f"{base}{ROOT}/access_granted/?{urlencode({**asked, 'wc_auth_nonce': self._nonce})}"
        no = _with(asked["return_url"], success="0", user_id=asked["user_id"])
        text = (
            f"<!DOCTYPE html><title>Application authentication request</title><h1>{escape(asked['app_name'])} would "
            f'like to connect to your store</h1><a class="deny" href="{escape(no)}">No, and return</a>'
            f'<a class="approve" href="{escape(yes)}">Approve</a>'
        )
        return 200, HTML, text.encode()

    async def _grant(self, asked: dict[str, str], base: str) -> Page:
        self._made += 1
        key = ApiKey(
            f"ck_{self._ids.getrandbits(160):040x}", f"cs_{self._ids.getrandbits(160):040x}", _scope(asked["scope"])
        )
        self.settings.keys = (*self.settings.keys, key)
        self.made.append(key.consumer_key)
        document = {
            "key_id": self._made,
            "user_id": asked["user_id"],
            "consumer_key": key.consumer_key,
            "consumer_secret": key.consumer_secret,
            "key_permissions": key.permissions,
        }
        if await self._post(asked["callback_url"], php.encode(document), base) != 200:
            self.settings.keys = tuple(k for k in self.settings.keys if k is not key)
            self.made.remove(key.consumer_key)
            return _refused("An error occurred in the request and at the time were unable to send the consumer data")
        where = _with(asked["return_url"], success="1", user_id=asked["user_id"])
        return 302, {**HTML, "X-Redirect-By": "WordPress", "Location": where}, b""

    async def _post(self, url: str, body: bytes, base: str) -> int:
        headers = {"User-Agent": f"WordPress/6.9; {base}", "Content-Type": "application/json;charset=UTF-8"}
        return await call_out(url, body, headers, believes=self.settings.believes)


def _wrong(asked: dict[str, str]) -> str:
    for name in _NEEDED:
        if not asked.get(name):
            return f"Missing parameter {name}"
    if asked["scope"] not in _SCOPES:
        return f"Invalid scope {asked['scope']}"
    if not urlsplit(asked["return_url"]).scheme.startswith("http"):
        asked["return_url"] = f"https://{asked['return_url']}"
    if urlsplit(asked["callback_url"]).scheme != "https":
        return "The callback_url needs to be over SSL"
    return ""


def _refused(problem: str) -> Page:
    page = f"<!DOCTYPE html><title>WooCommerce Error</title><p>Error: {escape(problem)}.</p>"
    return 401, dict(_PRIVATE), page.encode()


def _loose(asked: dict[str, str]) -> str:
    pairs = []
    for name, value in asked.items():
        kept = "&" if name == "app_name" else ""
        pairs.append(f"{name}={quote(value, safe=kept)}")
    return "&".join(pairs)


def _with(url: str, **more: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(more)}"


def _scope(text: str) -> Any:
    return text
