"""Connecting by the account's own page: where to send the person, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec


class Granted(msgspec.Struct, frozen=True):
    """What an account's own authorization page sent us. Its repr shows no secret."""

    state: str
    """The one-time word that was sent along."""
    answers: Mapping[str, str]
    """Credentials by the names of the manifest's form."""

    def __repr__(self) -> str:
        return "Granted()"


class Authorization(Protocol):
    """Connecting by the account's own page, where a person lets us in with one click. Pure."""

    def url(self, config: Mapping[str, Any], *, state: str, callback_url: str, return_url: str) -> str:
        """Return the page to send the person to. ``config``: the form's answers that are no secrets.

        Raises ``ValueError`` beginning with the field's name (``url: …``) for answers that name no account.
        """
        ...

    def granted(self, headers: Mapping[str, str], body: bytes) -> Granted:
        """Read what came to the callback. Nothing of it is proven. Raises ``ValueError`` naming what is malformed."""
        ...
