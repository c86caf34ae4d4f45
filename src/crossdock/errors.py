"""The tree of errors that people and programs get to see.

Each carries a stable ``code``, an HTTP ``status``, what is wrong (``problem``: names the field and the rule) and what
to do (``remedy``). None holds a secret or personal data. API answers are problem+json (RFC 9457) of the same parts.

    CrossdockError
      BadInput              400  a field breaks a rule
        TooLarge            413
        MethodNotAllowed    405
        KeyReused           422  an Idempotency-Key came back with another body
      Unauthenticated       401
      Forbidden             403
      NotFound              404
      Conflict              409
        VersionConflict     409  it has changed meanwhile; carries both versions
      Overloaded            503  not accepted; come again after ``retry_after_s``
      Trouble               500  something of ours: set-up, database, disk
        WrongMasterKey
        VendorTrouble       502  a vendor or shop does not answer as it should
"""

from __future__ import annotations

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


class Unauthenticated(CrossdockError):
    """A signature or key does not verify."""

    code = "unauthenticated"
    status = 401
    title = "The request is not authenticated"


class Forbidden(CrossdockError):
    """The key does not carry the scope."""

    code = "forbidden"
    status = 403
    title = "The key may not do this"


class NotFound(CrossdockError):
    """There is no such thing for this tenant."""

    code = "not-found"
    status = 404
    title = "Not found"


class Conflict(CrossdockError):
    """It contradicts what is there."""

    code = "conflict"
    status = 409
    title = "That conflicts with what is there"


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
