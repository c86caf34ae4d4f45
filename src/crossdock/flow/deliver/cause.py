"""Why deliveries end dead, told so that a thousand of one kind are one line: connector, code, field, rule.

A cause holds no value of any record: what a vendor or rule said is cut down to its shape. Its fingerprint is the same
for every process and release, so a person's note about it stays true.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from crossdock.flow.deliver.job import Job
from crossdock.flow.deliver.settle import kind
from crossdock.kit.redact import text
from crossdock.model.outcome import Rejected
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("cause.sql"))
_SHAPE = (
    (re.compile(r"[\"'‘“`«][^\"'’”`»]*[\"'’”`»]"), "…"),
    (re.compile(r"\S*\d\S*"), "#"),
    (re.compile(r"\s+"), " "),
)
_SHOWN = 120


class Cause(msgspec.Struct, frozen=True, order=True):
    """What stands behind a dead letter."""

    connector: str
    code: str
    field: str
    rule: str

    @property
    def id(self) -> uuid.UUID:
        """The fingerprint."""
        told = "\0".join((self.connector, self.code, self.field, self.rule))
        return uuid.UUID(bytes=hashlib.sha256(told.encode()).digest()[:16])


def cause_of(job: Job) -> Cause:
    """Name the cause of a job that ends dead."""
    outcome = job.outcome
    code = getattr(outcome, "code", "") or kind(outcome, skipped=False)
    if not isinstance(outcome, Rejected):
        return Cause(job.connector, shape(code), "", "given up")
    # a bare status says little: the shape of the vendor's words tells two causes of one status apart
    rule = outcome.rule or (outcome.reason if code.isdigit() or code == "rejected" else "")
    return Cause(job.connector, text(code)[:_SHOWN], shape(outcome.field or ""), shape(rule))


def shape(told: str) -> str:
    """Return words without what they are about: quoted text, numbers, addresses."""
    told = text(told)
    for pattern, instead in _SHAPE:
        told = pattern.sub(instead, told)
    return told.strip()[:_SHOWN]


async def keep(conn: Any, tenant_id: uuid.UUID, dead: Sequence[tuple[Job, str]]) -> dict[uuid.UUID, uuid.UUID]:
    """Count the causes of jobs that end dead (with their redacted reasons), inside the caller's transaction.

    Returns delivery id -> cause id.
    """
    if not dead:
        return {}
    causes = {job.claim.id: cause_of(job) for job, _ in dead}
    reasons = {causes[job.claim.id]: reason for job, reason in dead}
    counted = Counter(causes.values())
    # in one order for everybody: two lanes that meet the same causes never wait for each other in a circle
    rows = sorted((one.id, one.connector, one.code, one.field, one.rule, reasons[one], counted[one]) for one in counted)
    await conn.execute(SQL["keep_causes"], tenant_id, *map(list, zip(*rows, strict=True)))
    return {delivery: one.id for delivery, one in causes.items()}
