"""Short-lived tokens (JWT) that a program makes of its API key: fewer scopes, an hour at most, for one audience.

Signed with Ed25519 by a key that is derived from the master key, whose id stands in the header: tokens outlive a change
of the master key as long as the older one is in the ring. A token is worth what its key is worth at that moment: the
key's row is looked up with it. Form: RFC 9068 (``typ`` at+jwt, ``scope`` one text); the public keys are given out (RFC
7517).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from crossdock.errors import BadInput, Forbidden, Unauthenticated
from crossdock.govern.access import reach
from crossdock.govern.keys import Principal, check_scopes
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock
from crossdock.kit.ids import Prefix, new_id, parse, show

AUDIENCE: Final = "crossdock"
"""Of tokens for this API."""
ISSUER: Final = "crossdock"
MOST_MINUTES: Final = 60
_ALGORITHM: Final = "Ed25519"
_TYPE: Final = "at+jwt"
_LONGEST: Final = 4096
_PURPOSE: Final = "token"
_UNKNOWN: Final = "the token is not known, expired, for another audience, or its key has ended"


class Rows(Protocol):
    """The keys that tokens are made of."""

    async def named(self, key_id: uuid.UUID) -> Principal:
        """Return a key that acts. Raises ``Unauthenticated``."""
        ...


class Made(msgspec.Struct, frozen=True):
    """A new token. It is nowhere kept."""

    id: str
    token: str
    scopes: tuple[str, ...]
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Made({self.id})"


class Tokens:
    """Makes and verifies tokens."""

    def __init__(self, rows: Rows, vault: Vault, clock: Clock) -> None:
        self._rows = rows
        self._vault = vault
        self._clock = clock
        self._keys: dict[str, OKPKey] = {}

    def make(
        self, caller: Principal, scopes: Sequence[str] | None = None, minutes: int = 15, audience: str = AUDIENCE
    ) -> Made:
        """Make a token of the caller's key; ``scopes`` None: all of them. Raises ``BadInput``, ``Forbidden``."""
        if caller.token or caller.key_id is None:
            raise Forbidden("a token is made of an API key", remedy="send the key itself: Authorization: Bearer cdk_…")
        if not 1 <= minutes <= MOST_MINUTES:
            raise BadInput(f"a token lives 1 to {MOST_MINUTES} minutes", field="minutes", remedy="15 is usual")
        if not audience or len(audience) > 200:
            raise BadInput("an audience has 1 to 200 characters", field="audience", remedy=f"{AUDIENCE} is this API")
        given = sorted(caller.scopes) if scopes is None else sorted(set(scopes))
        check_scopes(given)
        if not reach(given) <= caller.scopes:
            raise Forbidden("the key lacks a scope that is asked for", remedy="ask for some of the key's own scopes")
        now = self._now()
        end = min(now + timedelta(minutes=minutes), caller.expires_at or datetime.max.replace(tzinfo=UTC))
        made = new_id()
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": show(Prefix.KEY, caller.key_id),
            "scope": " ".join(given),
            "jti": str(made),
            "iat": int(now.timestamp()),
            "exp": int(end.timestamp()),
        }
        kid = self._vault.key_id
        header = {"alg": _ALGORITHM, "kid": kid}
        signed = jwt.encode(header, claims, self._key(kid), algorithms=[_ALGORITHM], default_type=_TYPE)
        return Made(str(made), signed, tuple(given), datetime.fromtimestamp(claims["exp"], UTC))  # type: ignore[arg-type]

    async def verify(self, token: str) -> Principal:
        """Return who a token stands for: its key, with the token's scopes. Raises ``Unauthenticated``."""
        claims = self._read(token)
        try:
            key_id = parse(Prefix.KEY, str(claims["sub"]))
            scopes = reach(str(claims["scope"]).split())
        except (KeyError, ValueError):
            raise _unknown() from None
        try:
            found = await self._rows.named(key_id)
        except Unauthenticated:
            raise _unknown() from None
        end = datetime.fromtimestamp(claims["exp"], UTC)
        return msgspec.structs.replace(found, token=True, scopes=scopes & found.scopes, expires_at=end)

    def public_keys(self) -> dict[str, Any]:
        """Return the keys by which others verify tokens made for them: a JWK Set (RFC 7517), the current key first."""
        return {
            "keys": [
                {**self._key(kid).as_dict(private=False), "use": "sig", "alg": _ALGORITHM}
                for kid in self._vault.key_ids
            ]
        }

    def _read(self, token: str) -> dict[str, Any]:
        """Return what a token claims once its signature, type, issuer, audience and times hold."""
        if len(token) > _LONGEST:
            raise _unknown()
        try:
            # the one algorithm, whatever the header says: none is no signature, and a public key is no HMAC secret
            found = jwt.decode(token, lambda told: self._key(told.headers().get("kid")), algorithms=[_ALGORITHM])
            self._rules().validate(found.claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise _unknown() from None
        if found.header.get("typ") != _TYPE or found.claims["aud"] != AUDIENCE:
            raise _unknown()
        return found.claims

    def _rules(self) -> jwt.JWTClaimsRegistry:
        essential: jwt.ClaimsOption = {"essential": True}
        return jwt.JWTClaimsRegistry(
            now=lambda: int(self._now().timestamp()),
            leeway=0,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            sub=essential,
            scope=essential,
            exp=essential,
        )

    def _key(self, kid: object) -> OKPKey:
        """Return the key of a master key's id. Raises ``KeyError`` for one that is not in the ring (any more)."""
        if not isinstance(kid, str) or kid not in self._vault.key_ids:
            raise KeyError("kid")
        if kid not in self._keys:
            seed = self._vault.derived(_PURPOSE, kid)
            self._keys[kid] = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(seed), {"kid": kid})
        return self._keys[kid]

    def _now(self) -> datetime:
        return self._clock.now()


def looks_like(text: str) -> bool:
    """Whether a text is meant to be a token, not a key."""
    return text.startswith("ey") and text.count(".") == 2


def _unknown() -> Unauthenticated:
    return Unauthenticated(_UNKNOWN, remedy="make a new one: POST /api/v1/tokens")
