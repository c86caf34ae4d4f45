"""What a manifest says of a vendor's OAuth 2.0: addresses, scopes and habits. Facts only."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from crossdock.connect.limits import Word


class ClientProof(StrEnum):
    """How the app proves itself at the token address (RFC 6749 2.3, RFC 7523 2.2)."""

    POST = "client_secret_post"
    BASIC = "client_secret_basic"
    SECRET_JWT = "client_secret_jwt"  # noqa: S105 - names a method
    NONE = "none"
    """A public client: PKCE alone."""


class Pkce(StrEnum):
    """Whether the code is bound to who asked for it (RFC 7636). The plain method is none."""

    S256 = "S256"
    NONE = "none"


class OAuth2Facts(Word, frozen=True, kw_only=True):
    """One vendor's authorization server."""

    authorize_url: str
    """The page a person is sent to."""
    token_url: str
    revoke_url: str = ""
    """Where a token is given back (RFC 7009); empty: it cannot be."""
    issuer: str = ""
    """Compared with the ``iss`` of the answer (RFC 9207), where the vendor sends one."""
    base_field: str = ""
    """Form field whose address takes the place of scheme and host in all of these (an account's own host, a sandbox);
    the default of the field leaves them as they are."""
    optional_scopes: tuple[str, ...] = ()
    """Asked for where the account's plan has them; without them the connection works all the same."""
    optional_scope_param: str = ""
    """The vendor's own parameter for them; empty: they are asked for among the others, and any may be refused."""
    scope_separator: str = " "
    authorize_params: dict[str, str] = msgspec.field(default_factory=dict)
    """Further parameters of the page (``access_type = "offline"``)."""
    pkce: Pkce = Pkce.S256
    client_auth: ClientProof = ClientProof.POST
    rotates: bool = False
    """Whether every refresh brings a new refresh token and uses the old one up."""
    grace_s: float = 0.0
    """How long a used-up refresh token is taken once more: the window in which a lost answer is asked for again."""
    ahead_s: float = 300.0
    """How long before its end a token is renewed; at most a quarter of its life."""
    life_s: float | None = None
    """Life of an access token where the answer does not say; None: it does not end."""
    scope_fields: tuple[str, ...] = ("scope", "scopes")
    """Where the answer tells what was granted."""
    revoked: tuple[str, ...] = ("invalid_grant",)
    """The vendor's words (``error``, ``status``) for a grant that is gone: a person has to give it anew."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the hub itself calls."""
        return tuple(url for url in (self.token_url, self.revoke_url) if url)


class _Hosts(Protocol):
    @property
    def allow(self) -> tuple[str, ...]: ...

    @property
    def user_given(self) -> bool: ...


def broken_facts(facts: OAuth2Facts, hosts: _Hosts, url_fields: Collection[str]) -> list[tuple[str, str]]:
    """Return (field, rule) of what types alone cannot say."""
    found = []
    for name in ("authorize_url", "token_url", "revoke_url"):
        url = getattr(facts, name)
        if (url or name != "revoke_url") and not _plain(url):
            found.append((name, "expected https://host/path without query or fragment"))
    if not hosts.user_given:
        found += [
            ("token_url", f"{host} is not among hosts.allow")
            for host in {urlsplit(url).hostname or "" for url in facts.addresses if _plain(url)}
            if not any(host == entry or (entry[:2] == "*." and host.endswith(entry[1:])) for entry in hosts.allow)
        ]
    if facts.base_field and facts.base_field not in url_fields:
        found.append(("base_field", f"the form has no url field {facts.base_field!r}"))
    if facts.grace_s and not facts.rotates:
        found.append(("grace_s", "expected only where refresh tokens rotate"))
    if facts.client_auth is ClientProof.NONE and facts.pkce is Pkce.NONE:
        found.append(("pkce", "a public client needs S256"))
    return found


def _plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.query and not parts.fragment
