"""OAuth 2.0 of the sandbox: the page of consent, and the doors that issue, inspect and revoke tokens.

Facts of HubSpot: the page is ``/oauth/authorize`` (``scope`` needed, ``optional_scope`` granted where the plan has it);
tokens come from ``/oauth/{version}/token`` for a form in the body, never a query; a refresh token stays the same until
it is revoked or the app is uninstalled; the answer names portal, person and scopes. A code serves once and briefly,
only with its own redirect address and verifier (RFC 6749 and 7636). The wording of refusals is a guess.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec

from crossdock.connectors.hubspot.sandbox.instants import MovableClock
from crossdock.connectors.hubspot.sandbox.refusals import Refused
from crossdock.connectors.hubspot.sandbox.settings import DATED, AppFacts, Settings

_USER = 88001
_APP = 4711
PAGE = "/oauth/authorize"
_DOORS = {"token": "token", "token/introspect": "introspect", "token/revoke": "revoke"}


class Code(msgspec.Struct):
    """A code that was given out."""

    client_id: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    ends_ms: int
    used: bool = False


class Granted(msgspec.Struct):
    """A grant: one refresh token, and the access tokens that came of it."""

    client_id: str
    scopes: list[str]
    refresh_token: str
    revoked: bool = False
    renewals: int = 0


class Granting:
    """The portal's grants. Nothing here survives the sandbox."""

    def __init__(self, settings: Settings, clock: MovableClock) -> None:
        self._settings = settings
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self.grants: dict[str, Granted] = {}
        """By refresh token."""
        self._access: dict[str, tuple[str, int]] = {}
        """Access token -> (refresh token, end in ms)."""

    def owns(self, path: str) -> bool:
        """Whether a path belongs to these doors."""
        return path.startswith("/oauth/")

    def answer(
        self, method: str, path: str, query: str, content_type: bytes, raw: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        """Answer a request of these doors. Raises ``Refused``."""
        if path == PAGE:
            if method != "GET":
                raise Refused(405, None, "Method Not Allowed")
            return self._page(_one(query))
        parts = path.removeprefix("/oauth/").split("/", 1)
        door = _DOORS.get(parts[1]) if len(parts) == 2 and parts[0] in (*DATED, "v3") else None
        if door is None:
            raise Refused(404, None, "resource not found")
        if method != "POST":
            raise Refused(405, None, "Method Not Allowed")
        if not content_type.lower().startswith(b"application/x-www-form-urlencoded"):
            raise Refused(415, None, "Unsupported Media Type")
        if query:
            raise _bad("invalid_request", "parameters belong into the body")
        form = _one(raw.decode("latin-1"))
        app = self._app(form)
        answers = {"token": self._token, "introspect": self._introspect, "revoke": self._revoke}
        return *answers[door](app, form), {"cache-control": "no-store"}

    def scopes(self, token: str) -> list[str] | None:
        """Return the scopes of an access token; None for one not known. Raises ``Refused`` when it has ended."""
        known = self._access.get(token)
        if known is None:
            return None
        grant = self.grants[known[0]]
        if grant.revoked or known[1] <= self._clock.ms():
            raise Refused(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired.")
        return grant.scopes

    def expire(self) -> None:
        """End all access tokens now."""
        self._access = {token: (refresh, 0) for token, (refresh, _) in self._access.items()}

    def uninstall(self) -> None:
        """End all grants, as uninstalling the apps does."""
        for grant in self.grants.values():
            grant.revoked = True

    def _page(self, asked: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        app = next((a for a in self._settings.apps if a.client_id == asked.get("client_id")), None)
        redirect = asked.get("redirect_uri", "")
        if app is None or redirect not in app.redirect_uris:
            # HubSpot shows this to the person, and sends nobody anywhere
            raise _bad("invalid_request", "the app is not known, or the redirect address is not among its own")
        wanted, optional = asked.get("scope", "").split(), asked.get("optional_scope", "").split()
        beyond = [scope for scope in (*wanted, *optional) if scope not in app.scopes]
        if beyond or not wanted or asked.get("response_type", "code") != "code":
            raise _bad("invalid_scope", f"the app's settings do not hold: {' '.join(beyond) or 'any scope asked for'}")
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            raise _bad("invalid_request", "the challenge has to be S256")
        back = {"state": asked["state"]} if "state" in asked else {}
        if self._settings.consent == "deny":
            return 302, None, {"location": _with(redirect, {"error": "access_denied", **back})}
        scopes = [scope for scope in (*wanted, *optional) if scope not in self._settings.withheld]
        code = secrets.token_urlsafe(24)
        ends = self._clock.ms() + self._settings.code_life_s * 1000
        self._codes[code] = Code(app.client_id, redirect, scopes, asked.get("code_challenge", ""), ends)
        return 302, None, {"location": _with(redirect, {"code": code, **back})}

    def _app(self, form: dict[str, str]) -> AppFacts:
        for app in self._settings.apps:
            if app.client_id == form.get("client_id"):
                if _same(app.client_secret, form.get("client_secret", "")):
                    return app
                break
        raise Refused(401, None, "the client id or secret is wrong", extra={"error": "invalid_client"})

    def _token(self, app: AppFacts, form: dict[str, str]) -> tuple[int, Any]:
        kind = form.get("grant_type")
        if kind == "authorization_code":
            grant = self._exchanged(app, form)
        elif kind == "refresh_token":
            found = self.grants.get(form.get("refresh_token", ""))
            if found is None or found.revoked or found.client_id != app.client_id:
                raise _bad("invalid_grant", "missing or invalid refresh token")
            found.renewals += 1
            grant = found
        else:
            raise _bad("unsupported_grant_type", "expected authorization_code or refresh_token")
        access = f"CN{secrets.token_urlsafe(60)}"
        life = self._settings.token_life_s
        self._access[access] = (grant.refresh_token, self._clock.ms() + life * 1000)
        return 200, {
            "token_type": "bearer",
            "refresh_token": grant.refresh_token,
            "access_token": access,
            "hub_id": self._settings.portal_id,
            "user_id": _USER,
            "scopes": grant.scopes,
            "token_use": "access_token",
            "expires_in": life,
        }

    def _exchanged(self, app: AppFacts, form: dict[str, str]) -> Granted:
        code = self._codes.get(form.get("code", ""))
        if code is None or code.used or code.ends_ms <= self._clock.ms() or code.client_id != app.client_id:
            raise _bad("invalid_grant", "missing, used or expired auth code")
        if code.redirect_uri != form.get("redirect_uri"):
            raise _bad("invalid_grant", "the redirect address is not the one the code was asked for with")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if code.challenge and not _same(code.challenge, base64.urlsafe_b64encode(digest).decode().rstrip("=")):
            raise _bad("invalid_grant", "the verifier does not fit the challenge")
        code.used = True
        for known in self.grants.values():
            if known.client_id == app.client_id and not known.revoked and known.scopes == code.scopes:
                return known
        grant = Granted(app.client_id, code.scopes, secrets.token_urlsafe(32))
        self.grants[grant.refresh_token] = grant
        return grant

    def _introspect(self, app: AppFacts, form: dict[str, str]) -> tuple[int, Any]:
        known = self._access.get(form.get("token", ""))
        grant = self.grants[known[0]] if known is not None else None
        if (
            known is None
            or grant is None
            or grant.revoked
            or known[1] <= self._clock.ms()
            or grant.client_id != app.client_id
        ):
            return 200, {"active": False}
        return 200, {
            "active": True,
            "hub_id": self._settings.portal_id,
            "app_id": _APP,
            "user_id": _USER,
            "scopes": grant.scopes,
            "token_use": "access_token",
        }

    def _revoke(self, app: AppFacts, form: dict[str, str]) -> tuple[int, Any]:
        grant = self.grants.get(form.get("token", ""))
        if grant is not None and grant.client_id == app.client_id:
            grant.revoked = True
        return 200, {}


def _one(text: str) -> dict[str, str]:
    """Read a form or query; a name that comes twice is refused (RFC 6749 3.1)."""
    pairs = parse_qs(text, keep_blank_values=True)
    twice = [name for name, values in pairs.items() if len(values) > 1]
    if twice:
        raise _bad("invalid_request", f"{twice[0]} is there twice")
    return {name: values[0] for name, values in pairs.items()}


def _bad(error: str, sentence: str) -> Refused:
    return Refused(400, None, sentence, extra={"error": error, "error_description": sentence})


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode())


def _with(address: str, pairs: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}"
