"""The vendor's refusals as one exception, and the JSON body each becomes.

Shape (vendor): ``{status, message, correlationId, category, subCategory?, errors?, context?, links?}``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson


class Problem(NamedTuple):
    """One property whose value is not taken: its name, the vendor's code, a sentence."""

    name: str
    code: str
    message: str


class Refused(Exception):
    """A call, or one row of a batch, that the vendor refuses. ``status`` is the HTTP status."""

    def __init__(
        self,
        status: int,
        category: str | None,
        message: str,
        *,
        sub_category: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        context: Mapping[str, Sequence[str]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.sub_category = sub_category
        self.errors = list(errors)
        self.context = dict(context or {})
        self.extra = dict(extra or {})

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON."""
        body: dict[str, Any] = {"status": "error", "message": self.message, "correlationId": str(uuid.uuid4())}
        if self.errors:
            body["errors"] = self.errors
        if self.context:
            body["context"] = self.context
        if self.category:
            body["category"] = self.category
        if self.sub_category:
            body["subCategory"] = self.sub_category
        return body | self.extra

    def row(self, trace: str | None = None) -> dict[str, Any]:
        """Return the refusal as one entry of a multi-status answer's ``errors``."""
        context = self.context | ({"objectWriteTraceId": [trace]} if trace is not None else {})
        row: dict[str, Any] = {
            "status": "error",
            "category": self.category or "VALIDATION_ERROR",
            "message": self.message,
            "context": context,
            "errors": self.errors,
            "links": {},
        }
        if self.sub_category:
            row["subCategory"] = self.sub_category
        return row


def invalid(message: str, **more: Any) -> Refused:
    """400 VALIDATION_ERROR."""
    return Refused(400, "VALIDATION_ERROR", message, **more)


def not_found(message: str = "resource not found", **more: Any) -> Refused:
    """404 OBJECT_NOT_FOUND."""
    return Refused(404, "OBJECT_NOT_FOUND", message, **more)


def bad_values(portal_id: int, problems: Sequence[Problem]) -> Refused:
    """400 for property values; the vendor repeats the list as JSON inside the message."""
    inside = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "portalId": portal_id,
        }
        for problem in problems
    ]
    errors = [
        {"message": problem.message, "code": problem.code, "context": {"propertyName": [problem.name]}}
        for problem in problems
    ]
    return invalid(f"Property values were not valid: {orjson.dumps(inside).decode()}", errors=errors)


def contact_exists(existing: str) -> Refused:
    """409 of a contact whose address belongs to another."""
    return Refused(409, "CONFLICT", f"Contact already exists. Existing ID: {existing}")


def too_many(policy: str) -> Refused:
    """429 for ``policy`` TEN_SECONDLY_ROLLING, SECONDLY or DAILY."""
    return Refused(
        429,
        "RATE_LIMITS",
        f"You have reached your {policy.lower()} limit.",
        extra={"errorType": "RATE_LIMIT", "policyName": policy},
    )
