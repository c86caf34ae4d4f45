"""Tokens that end and are renewed: what a client asks for before a call, and after a refusal."""

from __future__ import annotations

from typing import Protocol


class Tokens(Protocol):
    """The access token of one account, whoever keeps it."""

    async def current(self) -> str:
        """Return a token that is good now, renewed if need be.

        Raises :class:`~crossdock.connect.client.CallFailed` of kind ``answer``: its outcome is ``Refresh`` when a
        person has to give access anew, and ``Retry`` or ``Throttled`` when the vendor does not answer.
        """
        ...

    async def renewed(self, refused: str) -> str | None:
        """Return another token in place of one that the vendor refused; None when there is none to be had.

        Many callers at once cause one renewal. Raises as :meth:`current` does.
        """
        ...


class OneToken:
    """A token as it is: it cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __repr__(self) -> str:
        return "OneToken()"

    async def current(self) -> str:
        """Return it."""
        return self._token

    async def renewed(self, refused: str) -> str | None:
        """Return None."""
        del refused
        return None
