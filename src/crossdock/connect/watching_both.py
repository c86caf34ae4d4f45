"""Watching an account that has a program of ours at the other side, too: one look at both.

The account is read and written by its own connector, so that trouble of the program alone stops neither: its findings
are told beside the account's.
"""

from __future__ import annotations

from typing import Final

import msgspec

from crossdock.connect.watching import Finding, Judgement, Known, Sight, Watcher

_OWN: Final = frozenset({"unreachable", "unknown-host", "timeout", "egress", "maintenance", "clock-skew"})
"""What the account's own watcher finds by itself."""
_ACCOUNTS: Final = ("certificate-",)


class BothWatcher:
    """An account's own watcher, and that of the program."""

    def __init__(self, own: Watcher, program: Watcher) -> None:
        self._own, self._program = own, program
        self._seen: Sight | None = None

    def __repr__(self) -> str:
        return f"BothWatcher({self._own!r}, {self._program!r})"

    async def look(self) -> Sight:
        """See how the account does, and how the program. Never raises ``CallFailed``."""
        self._seen = await self._program.look()
        return await self._own.look()

    def diagnose(self, sight: Sight, known: Known) -> Judgement:
        """Say what follows from both; facts and memory are the account's own."""
        judged = self._own.diagnose(sight, known)
        if self._seen is None or not sight.check.ok:
            return judged
        told = {one.code for one in judged.findings}
        theirs = self._program.diagnose(self._seen, known).findings
        beside = [_beside(one) for one in theirs if _programs(one.code) and one.code not in told]
        return msgspec.structs.replace(judged, findings=(*judged.findings, *beside))

    async def change_hook(self, vendor_id: str, *, url: str = "", secret: str = "", active: bool = False) -> None:
        """Change a webhook of the account. Raises ``CallFailed``."""
        await self._own.change_hook(vendor_id, url=url, secret=secret, active=active)

    async def kick(self) -> None:
        """Make the account's own job queue run once. Raises ``CallFailed``."""
        await self._own.kick()


def _programs(code: str) -> bool:
    return code not in _OWN and not code.startswith(_ACCOUNTS)


def _beside(one: Finding) -> Finding:
    return msgspec.structs.replace(one, breaks=False, stops_writes=False)
