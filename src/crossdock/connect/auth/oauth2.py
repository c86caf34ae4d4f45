"""OAuth 2.0 on the wire (RFC 6749, 7009, 7523, 7636): requests and proofs by Authlib, sent by the hub's own transport.

One call a method; no retry, no store, no lease: who keeps the tokens decides about those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from crossdock.connect.auth.facts import ClientProof, OAuth2Facts, Pkce
from crossdock.connect.client import CallFailed, FailKind, Reply, Transport
from crossdock.connect.waits import retry_after_s
from crossdock.kit import redact
from crossdock.model.outcome import Retry, Throttled

TIMEOUT_S = 20.0
_SHOWN = 200
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class App(msgspec.Struct, frozen=True):
    """The hub as a vendor's app. Its repr shows no secret."""

    client_id: str
    secret: str = ""

    def __repr__(self) -> str:
        return "App()"


class Issued(msgspec.Struct, frozen=True):
    """What the token address gave. Its repr shows no token."""

    access_token: str
    refresh_token: str | None
    """None: the vendor gave none (a refresh then leaves the old one in force)."""
    expires_in_s: float | None
    scopes: tuple[str, ...] | None
    """What was granted, None where the vendor does not say: then it is what was asked for (RFC 6749 5.1)."""

    def __repr__(self) -> str:
        return "Issued()"


class DeniedKind(StrEnum):
    """Who has to do something about a refusal."""

    GRANT = "grant"
    """The person: the grant was withdrawn, has ended or was never good."""
    APP = "app"
    """The app's owner: its id, secret or settings are refused."""


class Denied(Exception):
    """The authorization server refuses; ``error`` is its own word, ``said`` its sentence without secrets."""

    def __init__(self, kind: DeniedKind, error: str, said: str) -> None:
        super().__init__(f"{error}: {said}" if said else error)
        self.kind, self.error, self.said = kind, error, said


class OAuth2:
    """One app at one vendor's authorization server."""

    def __init__(
        self, facts: OAuth2Facts, app: App, transport: Transport, *, hosts: Sequence[str] = (), base: str = ""
    ) -> None:
        """``hosts``: the manifest's allow-list. ``base``: an address that takes the place of the facts' own."""
        self._facts = facts
        self._app = app
        self._transport = transport
        self._hosts = hosts
        self._base = base

    def __repr__(self) -> str:
        return "OAuth2()"

    def page(
        self,
        *,
        redirect_uri: str,
        scopes: Sequence[str],
        optional: Sequence[str] = (),
        state: str,
        verifier: str = "",
    ) -> str:
        """Return the page to send a person to."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        facts = self._facts
        more: dict[str, str] = dict(facts.authorize_params)
        asked = list(scopes)
        if optional and facts.optional_scope_param:
            more[facts.optional_scope_param] = facts.scope_separator.join(optional)
        else:
            asked += [scope for scope in optional if scope not in asked]
        if facts.pkce is Pkce.S256:
            more["code_challenge"] = create_s256_code_challenge(verifier)
            more["code_challenge_method"] = "S256"
        return str(
            prepare_grant_uri(
                self._at(facts.authorize_url),
                self._app.client_id,
                "code",
                redirect_uri=redirect_uri,
                scope=facts.scope_separator.join(asked) or None,
                state=state,
                **more,
            )
        )

    async def exchange(self, code: str, *, redirect_uri: str, verifier: str = "") -> Issued:
        """Turn a code into tokens. Raises :class:`Denied` or ``CallFailed``."""
        more = {"code_verifier": verifier} if self._facts.pkce is Pkce.S256 else {}
        return await self._ask("authorization_code", code=code, redirect_uri=redirect_uri, **more)

    async def refresh(self, refresh_token: str) -> Issued:
        """Renew. Raises :class:`Denied`, or ``CallFailed``: ``sent`` then says whether the old one may be used up."""
        return await self._ask("refresh_token", refresh_token=refresh_token)

    async def assert_jwt(self, assertion: str) -> Issued:
        """Turn a signed statement into a token (RFC 7523 2.1). Raises as :meth:`refresh` does."""
        return await self._ask(JWT_BEARER, assertion=assertion)

    async def revoke(self, token: str, hint: str = "refresh_token") -> bool:
        """Give a token back (RFC 7009); False where the vendor has no address for it.

        Raises ``CallFailed`` when no answer came, and :class:`Denied` for one that is no yes.
        """
        if not self._facts.revoke_url:
            return False
        from authlib.common.urls import add_params_to_qs

        body = str(add_params_to_qs("", [("token", token), ("token_type_hint", hint)]))
        reply = await self._post(self._facts.revoke_url, body)
        if not reply.ok:
            raise self._denied(reply, _document(reply), (token, self._app.secret))
        return True

    async def _ask(self, grant_type: str, **parts: str) -> Issued:
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        reply = await self._post(self._facts.token_url, str(prepare_token_request(grant_type, **parts)))
        secret = (*parts.values(), self._app.secret)
        said = _document(reply)
        if reply.ok and isinstance(said.get("access_token"), str) and said["access_token"]:
            return self._issued(said)
        if reply.status == 429:
            after = retry_after_s(reply.headers, datetime.now(UTC)) or 10.0
            reason = "the token address asks us to slow down"
            raise CallFailed(FailKind.ANSWER, False, reason, outcome=Throttled(after, reason))
        if reply.status >= 500 or (reply.ok and "error" not in said) or reply.redirected:
            # nobody knows what became of the old token: the answer is as good as lost
            reason = f"the token address is in trouble (status {reply.status})"
            raise CallFailed(FailKind.ANSWER, True, reason, outcome=Retry(reason))
        raise self._denied(reply, said, secret)

    async def _post(self, address: str, body: str) -> Reply:
        url, headers, body = self._proven(self._at(address), body)
        checked = self._transport.checked(url, hosts=self._hosts)
        path = urlsplit(address).path
        return await self._transport.send("POST", checked, headers, body.encode(), TIMEOUT_S, path)

    def _proven(self, url: str, body: str) -> tuple[str, dict[str, str], str]:
        """Add the app's proof."""
        from authlib.oauth2.auth import ClientAuth

        app, proof = self._app, self._facts.client_auth
        client_id, secret, method = app.client_id, app.secret, str(proof)
        chosen: Any = method
        if proof is ClientProof.BASIC:
            # each half is form-encoded before it is put together (RFC 6749 2.3.1)
            client_id, secret = quote(client_id, safe=""), quote(secret, safe="")
        elif proof is ClientProof.SECRET_JWT:
            from authlib.oauth2.rfc7523 import ClientSecretJWT

            chosen = ClientSecretJWT(url)
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        made = ClientAuth(client_id, secret, chosen).prepare("POST", url, headers, body)
        return str(made[0]), dict(made[1]), str(made[2])

    def _issued(self, said: Mapping[str, Any]) -> Issued:
        refresh = said.get("refresh_token")
        return Issued(
            said["access_token"],
            refresh if isinstance(refresh, str) and refresh else None,
            _seconds(said.get("expires_in"), self._facts.life_s),
            self._scopes(said),
        )

    def _scopes(self, said: Mapping[str, Any]) -> tuple[str, ...] | None:
        for name in self._facts.scope_fields:
            granted = said.get(name)
            if isinstance(granted, str) and granted:
                separator = self._facts.scope_separator.strip() or None
                return tuple(scope for scope in (part.strip() for part in granted.split(separator)) if scope)
            if isinstance(granted, list) and granted:
                return tuple(str(scope) for scope in granted)
        return None

    def _denied(self, reply: Reply, said: Mapping[str, Any], secret: Sequence[str]) -> Denied:
        words = [str(said[name]) for name in ("error", "status") if isinstance(said.get(name), str)]
        error = next((word for word in words if word in self._facts.revoked), words[0] if words else "refused")
        sentence = next(
            (said[name] for name in ("error_description", "message") if isinstance(said.get(name), str)), ""
        )
        for value in secret:
            # a vendor may quote what it refuses
            sentence = sentence.replace(value, redact.MASK) if value else sentence
        kind = DeniedKind.GRANT if error in self._facts.revoked else DeniedKind.APP
        shown = redact.text(sentence)[:_SHOWN] if sentence else f"status {reply.status}"
        return Denied(kind, redact.text(error)[:60], shown)

    def _at(self, address: str) -> str:
        if not self._base:
            return address
        base, parts = urlsplit(self._base), urlsplit(address)
        return urlunsplit((base.scheme, base.netloc, parts.path, "", ""))


def _document(reply: Reply) -> dict[str, Any]:
    try:
        said = reply.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(given: Any, otherwise: float | None) -> float | None:
    """Read ``expires_in``: a number, or one written as text; 0 says that it does not end (Mailchimp)."""
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        return otherwise
    return seconds if seconds > 0 else otherwise


def base_of(facts: OAuth2Facts, config: Mapping[str, Any], default: Any) -> str:
    """Return the address that takes the place of the facts' own; ``default`` is the form's."""
    given = str(config.get(facts.base_field) or "") if facts.base_field else ""
    return "" if given == (default or "") else given
