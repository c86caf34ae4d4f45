"""JWT bearer grants (RFC 7523 2.1): we sign who we are with a private key, and a token comes for it.

Salesforce's server-to-server flow, Google's service accounts. There is no refresh token and nothing rotates: every
process may ask for itself, and a token that ends is asked for anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.connect.auth.oauth2 import Denied, Issued, OAuth2
from crossdock.connect.client import CallFailed, FailKind
from crossdock.model.outcome import Refresh

_ASSERTION_S = 180
"""Life of what we sign: vendors take three to five minutes at most."""
_SLACK_S = 30.0


class Statement(msgspec.Struct, frozen=True):
    """What is signed. Its repr shows no key."""

    issuer: str
    subject: str
    audience: str
    key: str
    """The private key, PEM."""
    algorithm: str = "RS256"
    claims: Mapping[str, Any] = {}
    key_id: str = ""

    def __repr__(self) -> str:
        return f"Statement(issuer={self.issuer})"

    def signed(self) -> str:
        """Return the JWT. Raises ``ValueError`` for a key that is none, without a word of it."""
        from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion

        header = {"alg": self.algorithm, **({"kid": self.key_id} if self.key_id else {})}
        try:
            return str(
                sign_jwt_bearer_assertion(
                    _key(self.algorithm, self.key),
                    self.issuer,
                    self.audience,
                    subject=self.subject or None,
                    claims=dict(self.claims),
                    header=header,
                    expires_in=_ASSERTION_S,
                )
            )
        except Exception:  # noqa: BLE001 - libraries of keys raise many kinds, and some quote what they were given
            raise ValueError(f"the private key is none for {self.algorithm} (was it pasted whole, as PEM?)") from None


class JwtBearer:
    """Tokens for a statement, remembered in this process until they end; many callers cause one request."""

    def __init__(self, client: OAuth2, statement: Statement) -> None:
        self._client = client
        self._statement = statement
        self._issued: Issued | None = None
        self._until = 0.0
        self._one = asyncio.Lock()

    def __repr__(self) -> str:
        return "JwtBearer()"

    async def current(self) -> str:
        """Return a token that is good now; see :class:`~crossdock.connect.auth.tokens.Tokens`."""
        async with self._one:
            if self._issued is None or time.monotonic() >= self._until:
                return await self._ask()
            return self._issued.access_token

    async def renewed(self, refused: str) -> str | None:
        """Return another token than the refused one."""
        async with self._one:
            if self._issued is not None and self._issued.access_token != refused:
                return self._issued.access_token
            return await self._ask()

    async def _ask(self) -> str:
        try:
            signed = self._statement.signed()
        except ValueError as wrong:
            raise _refused(str(wrong), "give the account's private key anew") from None
        began = time.monotonic()
        try:
            self._issued = await self._client.assert_jwt(signed)
        except Denied as denied:
            raise _refused(
                f"the vendor does not take our signed statement ({denied})", "compare issuer, subject and key there"
            ) from None
        life = self._issued.expires_in_s
        self._until = float("inf") if life is None else began + max(life - _SLACK_S, life / 2)
        return self._issued.access_token


def _key(algorithm: str, pem: str) -> Any:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kinds: dict[str, Any] = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}
    return kinds[algorithm[:2]].import_key(pem)


def _refused(cause: str, remedy: str) -> CallFailed:
    reason = f"{cause}; {remedy}"
    return CallFailed(FailKind.ANSWER, False, reason, remedy, outcome=Refresh(reason))
