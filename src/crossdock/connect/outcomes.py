"""From a vendor's answer to an :data:`~crossdock.model.outcome.Outcome`, by the manifest's table.

What the table leaves open follows HTTP's own meaning. A 500, 502, 504 or 52x on a write is ``Unknown``, because the
vendor may have worked before it failed; a manifest says ``retry`` where repeating is safe.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import msgspec

from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connect.manifest import ErrorRule, Manifest, OutcomeKind
from crossdock.connect.waits import retry_after_s
from crossdock.kit import redact
from crossdock.model.delivery import Evidence
from crossdock.model.outcome import Delivered, Exchange, Gone, Outcome, Refresh, Rejected, Retry, Throttled, Unknown

DEFAULT_THROTTLE_S = 10.0


class _Row:
    """A rule of the table, compiled."""

    def __init__(self, rule: ErrorRule) -> None:
        self.rule = rule
        self._class = int(rule.status[0]) if isinstance(rule.status, str) else None
        self._pattern = re.compile(rule.pattern) if rule.pattern is not None else None

    def fits(self, status: int, code: str, text: str) -> bool:
        rule = self.rule
        if self._class is not None:
            if status // 100 != self._class:
                return False
        elif rule.status is not None and status != rule.status:
            return False
        if rule.code is not None and code != rule.code:
            return False
        return self._pattern is None or self._pattern.search(text) is not None


class _Said(msgspec.Struct, frozen=True):
    """What a vendor answered about one write, and how it is told to people."""

    status: int
    code: str
    wait: float | None
    reason: str
    field: str | None
    exchange: Exchange


class Outcomes:
    """The table of one connector."""

    def __init__(self, manifest: Manifest) -> None:
        self._title = manifest.identity.title
        self._rows = [_Row(rule) for rule in manifest.errors]

    def of(
        self,
        reply: Reply,
        now: datetime,
        *,
        code: str = "",
        text: str = "",
        status: int | None = None,
        field: str | None = None,
    ) -> Outcome | None:
        """Return what an answer means; None when nothing is wrong (the caller makes ``Delivered`` with its id).

        ``code`` and ``text`` are the vendor's own error code and message, wherever its body holds them; ``status``
        replaces the reply's where a batch answers item by item. A personal value inside ``text`` is the caller's to
        leave out; addresses and secrets are masked here.
        """
        seen = reply.status if status is None else status
        row = next((r for r in self._rows if r.fits(seen, code, text)), None)
        if row is None and 200 <= seen < 300:
            return None
        wait = retry_after_s(reply.headers, now)
        told = (row.rule.message if row else "") or redact.text(text)[:300] or _unsaid(seen)
        named = f" {code}" if code else ""
        reason = f"{self._title} answered {seen}{named}: {told}"
        exchange = Exchange(reply.method, redact.text(reply.path), seen, code, redact.text(told)[:300], wait)
        if row is None:
            return _MAKERS[_by_status(seen)](_Said(seen, code, wait, reason, field, exchange))
        wait = row.rule.after_s if wait is None else wait
        return _MAKERS[row.rule.outcome](_Said(seen, code, wait, reason, field, exchange))

    def expect(self, reply: Reply, now: datetime, *, code: str = "", text: str = "") -> None:
        """Raise ``CallFailed`` of kind ``answer``, holding the outcome, unless nothing is wrong. For reading."""
        outcome = self.of(reply, now, code=code, text=text)
        if outcome is None or isinstance(outcome, Delivered):
            return
        reason = getattr(outcome, "reason", "")
        kind = FailKind.REDIRECT if reply.redirected else FailKind.ANSWER
        raise CallFailed(kind, True, reason, outcome=outcome)


_MAKERS: dict[OutcomeKind, Callable[[_Said], Outcome]] = {
    OutcomeKind.DELIVERED: lambda said: Delivered(evidence=Evidence.ACCEPTED),
    OutcomeKind.RETRY: lambda said: Retry(said.reason, said.wait, said.code, said.exchange),
    OutcomeKind.THROTTLED: lambda said: Throttled(
        DEFAULT_THROTTLE_S if said.wait is None else said.wait, said.reason, exchange=said.exchange
    ),
    OutcomeKind.REFRESH: lambda said: Refresh(said.reason, said.exchange),
    OutcomeKind.REJECTED: lambda said: Rejected(
        said.reason, said.code or str(said.status), said.field, exchange=said.exchange
    ),
    OutcomeKind.GONE: lambda said: Gone(said.reason, said.exchange),
    OutcomeKind.UNKNOWN: lambda said: Unknown(said.reason, said.exchange),
}
_STATUSES = {
    401: OutcomeKind.REFRESH,
    410: OutcomeKind.GONE,
    429: OutcomeKind.THROTTLED,
    **dict.fromkeys((408, 423, 425, 501, 503, 505), OutcomeKind.RETRY),
}


def _by_status(status: int) -> OutcomeKind:
    """Return HTTP's own meaning. A redirect surely did nothing, and may be gone tomorrow."""
    known = _STATUSES.get(status)
    if known is not None:
        return known
    if status >= 500:
        return OutcomeKind.UNKNOWN
    return OutcomeKind.RETRY if status < 400 else OutcomeKind.REJECTED


def _unsaid(status: int) -> str:
    return "it points elsewhere, and redirects are not followed" if 300 <= status < 400 else "no reason was given"


def failed(problem: CallFailed) -> Outcome:
    """Return what a missing answer means: never sent is ``Retry``; sent is ``Unknown``.

    An address the guard refuses breaks the connection (``Refresh``): a person has to change it, nothing is lost.
    """
    if problem.outcome is not None:
        return problem.outcome
    exchange = Exchange(problem.method, redact.text(problem.path), None, problem.kind.value, problem.reason)
    if problem.kind is FailKind.EGRESS:
        return Refresh(f"{problem.reason}; {problem.remedy}", exchange)
    if problem.sent:
        return Unknown(problem.reason, exchange)
    return Retry(problem.reason, code=problem.kind.value, exchange=exchange)
