"""The tree of errors that people and programs get to see.

Each carries a stable ``code``, an HTTP ``status``, what is wrong (``problem``: names the field and the rule) and what
to do (``remedy``). None holds a secret or personal data. API answers are problem+json (RFC 9457) of the same parts.

    CrossdockError
      BadInput              400  a field breaks a rule
        TooLarge            413
        MethodNotAllowed    405
        KeyReused           422  an Idempotency-Key came back with another body
        Invalid             422  several fields break rules; each is named
      Unauthenticated       401
        UnknownKey               of a site: not known, or revoked
        BadSignature
        ClockSkew                the time that was signed is too far from ours; carries ours
        NonceReplayed
        NeedsCode                the password was right; carries the ticket for the code
      Forbidden             403
        NotFresh                 the password has to be given again first
      NotFound              404
        UnknownCode
      ExpiredCode           410
      ExpiredLink           410
      Conflict              409
        AnotherSite
        VersionConflict     409  it has changed meanwhile; carries both versions
      RateLimited           429  too many requests; come again after ``retry_after_s``
        Locked                   too many failed logins; carries until when
      Overloaded            503  not accepted; come again after ``retry_after_s``
      Trouble               500  something of ours: set-up, database, disk
        WrongMasterKey
        VendorTrouble       502  a vendor or shop does not answer as it should
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, ClassVar


class CrossdockError(Exception):
    """Base of all: knows how to be shown."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, problem: str, *, remedy: str = "", field: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.field = field

    def as_problem(self) -> dict[str, Any]:
        """Return the problem+json document."""
        shown: dict[str, Any] = {
            "type": f"urn:crossdock:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.problem,
        }
        if self.remedy:
            shown["remedy"] = self.remedy
        if self.field:
            shown["field"] = self.field
        return shown


class BadInput(CrossdockError):
    """A field breaks a rule; nothing was stored."""

    code = "bad-input"
    status = 400
    title = "The request is not valid"


class TooLarge(BadInput):
    """A body is larger than the limit."""

    code = "too-large"
    status = 413
    title = "The body is too large"


class MethodNotAllowed(BadInput):
    """The resource does not take this method."""

    code = "method-not-allowed"
    status = 405
    title = "The method is not allowed"

    def __init__(self, problem: str, *, allow: str, remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy, field="method")
        self.allow = allow


class KeyReused(BadInput):
    """The same Idempotency-Key came with another body."""

    code = "idempotency-key-reused"
    status = 422
    title = "The Idempotency-Key was used for another body"


class Invalid(BadInput):
    """Fields break rules; each is named with its rule and what to do. Nothing of it was stored."""

    code = "invalid"
    status = 422
    title = "Fields break rules"

    def __init__(self, problem: str, problems: list[dict[str, str]], *, remedy: str = "") -> None:
        first = problems[0] if problems else {}
        super().__init__(problem, remedy=remedy or first.get("remedy", ""), field=first.get("field"))
        self.problems = problems

    def as_problem(self) -> dict[str, Any]:
        """Return the problem+json document with ``problems``."""
        return {**super().as_problem(), "problems": self.problems}


class Unauthenticated(CrossdockError):
    """A signature or key does not verify."""

    code = "unauthenticated"
    status = 401
    title = "The request is not authenticated"


class UnknownKey(Unauthenticated):
    """A site's key is not known, or was revoked."""

    code = "unknown-key"
    title = "The site's key is not known"


class BadSignature(Unauthenticated):
    """A site's request is not signed, or not with its secret."""

    code = "bad-signature"
    title = "The signature is wrong"


class ClockSkew(Unauthenticated):
    """The time a request was signed at is too far from ours; ``server_time`` is ours (RFC 3339)."""

    code = "clock-skew"
    title = "The two clocks differ"

    def __init__(self, problem: str, *, server_time: str, remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy, field="X-Crossdock-Timestamp")
        self.server_time = server_time

    def as_problem(self) -> dict[str, Any]:
        """Return the problem+json document with ``server_time``."""
        return {**super().as_problem(), "server_time": self.server_time}


class NonceReplayed(Unauthenticated):
    """A request came a second time."""

    code = "nonce-replayed"
    title = "The request was sent before"


class NeedsCode(Unauthenticated):
    """E-mail and password were right; the second step needs a one-time code. Holds the ticket, and does not show it."""

    code = "needs-code"
    title = "A code is needed"

    def __init__(self, ticket: str) -> None:
        super().__init__("the login needs a code of the app", field="code", remedy="type the code, or a recovery code")
        self.ticket = ticket


class Forbidden(CrossdockError):
    """The key does not carry the scope."""

    code = "forbidden"
    status = 403
    title = "The key may not do this"


class NotFresh(Forbidden):
    """A session may do this only within minutes of the password being given."""

    code = "not-fresh"
    title = "Confirm that it is you"

    def __init__(self) -> None:
        super().__init__("this needs your password once more", field="password", remedy="confirm it, then do it again")


class NotFound(CrossdockError):
    """There is no such thing for this tenant."""

    code = "not-found"
    status = 404
    title = "Not found"


class UnknownCode(NotFound):
    """There is no such pairing code."""

    code = "unknown-code"
    title = "The pairing code is not known"


class ExpiredCode(CrossdockError):
    """A pairing code was used, or is too old."""

    code = "expired-code"
    status = 410
    title = "The pairing code is over"


class ExpiredLink(CrossdockError):
    """A one-time link was used, replaced, or is too old."""

    code = "expired-link"
    status = 410
    title = "The link is over"


class Conflict(CrossdockError):
    """It contradicts what is there."""

    code = "conflict"
    status = 409
    title = "That conflicts with what is there"


class AnotherSite(Conflict):
    """Another site than the paired one calls: a copy, or one that has moved."""

    code = "another-site"
    title = "This is another site"


class VersionConflict(Conflict):
    """What was expected is not what stands; the answer names both versions."""

    code = "version-conflict"
    title = "It has changed meanwhile"

    def __init__(self, problem: str, *, expected: dict[str, Any], current: dict[str, Any], remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.expected = expected
        self.current = current

    def as_problem(self) -> dict[str, Any]:
        """Return the problem+json document with ``expected`` and ``current``."""
        return {**super().as_problem(), "expected": self.expected, "current": self.current}


class RateLimited(CrossdockError):
    """Too many requests of one key; nothing was accepted."""

    code = "rate-limited"
    status = 429
    title = "Too many requests"

    def __init__(self, problem: str, *, retry_after_s: int) -> None:
        super().__init__(problem, remedy="send it again after Retry-After seconds")
        self.retry_after_s = retry_after_s


class Locked(RateLimited):
    """Too many failed logins: the next attempt is possible at ``until`` (UTC)."""

    code = "locked"
    title = "Too many failed attempts"

    def __init__(self, problem: str, *, until: datetime, remedy: str = "") -> None:
        super().__init__(problem, retry_after_s=max(1, math.ceil((until - datetime.now(UTC)).total_seconds())))
        self.until, self.remedy = until, remedy


class Overloaded(CrossdockError):
    """Nothing was accepted; the same request may be sent again."""

    code = "overloaded"
    status = 503
    title = "Not accepted now"

    def __init__(self, problem: str, *, retry_after_s: int = 2, remedy: str = "") -> None:
        super().__init__(problem, remedy=remedy or "send the same request again after Retry-After seconds")
        self.retry_after_s = retry_after_s


class Trouble(CrossdockError):
    """Set-up, database or disk: ``crossdock doctor`` explains more."""

    code = "trouble"
    status = 500
    title = "Crossdock cannot do this now"


class WrongMasterKey(Trouble):
    """What is sealed in the database was sealed with another key."""

    code = "wrong-master-key"
    title = "The master key does not fit the database"


class VendorTrouble(Trouble):
    """A vendor or shop does not answer as it should."""

    code = "vendor-trouble"
    status = 502
    title = "The other side does not answer as it should"
