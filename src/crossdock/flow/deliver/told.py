"""What is kept of a failing attempt for people: what was asked and answered, without a value of anybody's."""

from __future__ import annotations

from typing import Any

import orjson

from crossdock.flow.deliver.job import Job
from crossdock.kit.redact import text
from crossdock.model.outcome import Delivered
from crossdock.model.plan import Step, Verb

_MOST_FIELDS = 200


def detail_of(job: Job) -> str | None:
    """Return the redacted summary of a failing attempt as JSON; None when nothing failed.

    ``request``: method, path and status of the call, the step, and by object the names of the fields it writes.
    ``answer``: status, code, the vendor's redacted words, the field and rule it names, and how long it asked to wait.
    A plan that could not be made has no call.
    """
    outcome = job.outcome
    if job.skipped is not None or outcome is None or isinstance(outcome, Delivered):
        return None
    exchange = outcome.exchange
    request: dict[str, Any] = {"step": job.step_name, "fields": _fields(job)}
    answer: dict[str, Any] = {"message": text(str(getattr(outcome, "reason", "")))[:500]}
    if exchange is not None:
        request |= {"method": exchange.method, "path": exchange.path}
        answer |= {"status": exchange.status, "code": exchange.code}
        if exchange.message:
            answer["message"] = text(exchange.message)
        if exchange.retry_after_s is not None:
            answer["retry_after_s"] = exchange.retry_after_s
    for name in ("code", "field", "rule"):
        if told := getattr(outcome, name, None):
            answer[name] = text(told)
    return orjson.dumps({"request": request, "answer": answer}).decode()


def _fields(job: Job) -> dict[str, list[str]]:
    """Return object -> names of what the step writes; none of a message."""
    step: Step | None = job.step if job.at < len(job.plan.steps) else None
    names: dict[str, set[str]] = {}
    for write in step.writes if step else ():
        if write.verb is not Verb.SEND:
            names.setdefault(write.object, set()).update(write.properties)
    return {name: sorted(fields)[:_MOST_FIELDS] for name, fields in sorted(names.items())}
