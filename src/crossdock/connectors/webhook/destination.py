"""The destination: plans one message an event and sends messages side by side."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from crossdock.connect.auth import standard_webhooks
from crossdock.connect.client import CallFailed, Reply
from crossdock.connect.connector import Access, CheckResult, Context, Needs, PlanRefused
from crossdock.connect.manifest import Manifest
from crossdock.connect.outcomes import Outcomes, failed
from crossdock.connectors.webhook import mapper
from crossdock.connectors.webhook.client import WebhookClient
from crossdock.model.delivery import Evidence
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Outcome, Refresh, Throttled, Unknown
from crossdock.model.plan import Found, Plan, Resolved, Step, Verb, Write

ACCEPTED = Delivered(evidence=Evidence.ACCEPTED)
LATE = Throttled(0.1, "the receiver is slow; not begun in this attempt")
_CODE = re.compile(r"[a-z][a-z_]{1,60}\Z")
_SLACK_ALIVE = frozenset({"no_text", "invalid_payload", "missing_text_or_fallback_or_attachments"})
"""What Slack says to an empty message when the address is good."""


class WebhookDestination:
    """One receiver. Slack gets one message at a time; others as many as the limit of concurrency allows."""

    def __init__(self, access: Access, manifest: Manifest) -> None:
        config = access.connection.config
        self._clock = access.clock
        self._outcomes = Outcomes(manifest)
        self._slack = config.get("format", "standard") == "slack"
        self._address = access.secrets.get("url") or str(config.get("url", ""))
        self._begin_within_s = manifest.limits.timeout_s / 3
        self._side_by_side = 1 if self._slack else manifest.limits.concurrency
        keys, self._unusable = ((), "") if self._slack else _keys(access.secrets.get("secret", ""))
        self._client = WebhookClient(
            access.transport,
            self._address,
            access.clock,
            keys=keys,
            plain_http=bool(config.get("plain_http", False)),
            timeout_s=manifest.limits.timeout_s * 2 / 3,
            budgets=access.transport.budgets.over(access.connection, manifest.limits),
            limits=manifest.limits,
        )

    async def check(self) -> CheckResult:
        """Look whether something answers; nothing is posted (Slack gets an empty message, which it refuses)."""
        if self._unusable:
            return CheckResult(
                ok=False,
                problem="the signing secret cannot be used",
                remedy=self._unusable,
                code="wrong-secret",
            )
        try:
            reply = await (self._client.post("", b"{}") if self._slack else self._client.head())
        except CallFailed as problem:
            remedy = problem.remedy or "check the address, and that the receiver is running"
            return CheckResult(ok=False, problem=problem.reason, remedy=remedy, code=f"no-answer-{problem.kind}")
        problem_text = self._slack_problem(reply) if self._slack else ""
        if problem_text:
            return CheckResult(
                ok=False,
                problem=problem_text,
                remedy="copy the incoming webhook's address from Slack again",
                code="wrong-address",
            )
        return CheckResult(ok=True, account={"host": self._host()}, account_uid=self._uid(), warnings=_warn(reply))

    def _slack_problem(self, reply: Reply) -> str:
        if _code(reply) in _SLACK_ALIVE:
            return ""
        outcome = self._outcome(reply)
        return str(getattr(outcome, "reason", "")) or "the answer is not that of a Slack incoming webhook"

    def _host(self) -> str:
        return urlsplit(self._address).hostname or ""

    def _uid(self) -> str:
        """A name of the receiver that gives its address away to nobody."""
        return f"{self._host()}-{hashlib.sha256(self._address.encode()).hexdigest()[:8]}"

    async def prepare(self) -> dict[str, Any]:
        """Nothing has to be made at a receiver."""
        return {"host": self._host()}

    def needs(self, action: str, entity: Any, store_uid: str) -> Needs:
        """Nothing: the event is complete."""
        return Needs()

    def plan(self, action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
        """Make one SEND of the published event. Raises :class:`PlanRefused`."""
        if action != "post":
            raise PlanRefused("action", f"there is no action {action!r}", "use post")
        body = mapper.slack(context.body, context.store_name) if self._slack else mapper.standard(context.body)
        key = f"{context.store_uid}:{context.event_type.partition('.')[0]}:{context.external_id}"
        write = Write(verb=Verb.SEND, object="message", key=key, body=body)
        return Plan(steps=(Step(name="post", writes=(write,)),))

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Post each message, all within the manifest's timeout.

        Those not begun in its first third are Throttled unsent, to go with the next claim; so are all others once the
        receiver says 429.
        """
        if self._unusable:
            return [Refresh(f"the signing secret cannot be used: {self._unusable}")] * len(writes)
        outcomes: list[Outcome | None] = [None] * len(writes)
        if len(writes) == 1:
            outcomes[0] = await self._one(writes[0])
        else:
            work = iter(enumerate(writes))
            lines = min(self._side_by_side, len(writes))
            await asyncio.gather(*(self._drain(work, outcomes) for _ in range(lines)))
        return [Unknown("the attempt was given up") if o is None else o for o in outcomes]

    async def _drain(self, work: Iterator[tuple[int, Resolved]], outcomes: list[Outcome | None]) -> None:
        until = self._clock.monotonic() + self._begin_within_s
        for i, write in work:
            outcome = outcomes[i] = await self._one(write)
            late = self._clock.monotonic() > until
            if late or isinstance(outcome, Throttled):
                held = outcome if isinstance(outcome, Throttled) else LATE
                for j, _ in work:
                    outcomes[j] = held

    async def _one(self, write: Resolved) -> Outcome:
        try:
            reply = await self._client.post(write.idempotency_key.replace(".", "-"), write.write.body)
        except CallFailed as problem:
            return failed(problem)
        if reply.status == 200 and not self._slack:
            return ACCEPTED
        return self._outcome(reply)

    def _outcome(self, reply: Reply) -> Outcome:
        code = _code(reply) if self._slack else ""
        if self._slack and reply.ok and code != "ok":
            code = "not_ok"
        return self._outcomes.of(reply, self._clock.now(), code="" if code == "ok" else code) or ACCEPTED

    async def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Nothing: a receiver cannot be read; its evidence is the answer to each message."""
        nothing: tuple[Found, ...] = ()
        for each in nothing:
            yield each

    def equal(self, object_name: str, name: str, sent: str | None, found: str | None) -> bool:
        """Whether two values are the same text."""
        return sent == found


def _keys(secret: str) -> tuple[tuple[bytes, ...], str]:
    """Return the keys of one secret, or of a new and an old one; and what is wrong when none can be used."""
    try:
        keys = tuple(standard_webhooks.key_of(part) for part in secret.split())
    except ValueError as problem:
        return (), str(problem)
    return keys, "" if keys else "it is empty"


def _code(reply: Reply) -> str:
    """Return Slack's plain-text answer (``ok``, ``no_service`` …); "" when the body is something else."""
    text = reply.body[:100].decode("ascii", "replace").strip()
    return text if _CODE.match(text) else ""


def _warn(reply: Reply) -> tuple[str, ...]:
    if reply.redirected:
        return (f"the address answers {reply.status} and points elsewhere; redirects are not followed",)
    if reply.status in (404, 410):
        return (f"the address answers {reply.status} to HEAD; it may still take POST",)
    return ()
