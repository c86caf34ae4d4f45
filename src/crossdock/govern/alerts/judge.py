"""The rules themselves: from a reading to what is wrong, in words that a person can act on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from crossdock.govern.alerts.readings import Reading, TenantReading, Trouble
from crossdock.govern.alerts.rules import Kind, Rule, Rules
from crossdock.kit.ids import Prefix, show
from crossdock.kit.redact import text

_SHOWN = 400
_LATE_SHARE = 20
"""One of so many that comes late is too many."""
Judge = Callable[[Reading, Rule, datetime], Trouble | None]


def judged(reading: Reading, rules: Rules, now: datetime) -> Iterator[Trouble]:
    """Return what is wrong with a connection."""
    for kind, judge in _JUDGES.items():
        rule = rules.of(kind, reading.connection_id)
        if rule.enabled and (found := judge(reading, rule, now)) is not None:
            yield found
    rule = rules.of(Kind.FINDING, reading.connection_id)
    if rule.enabled:
        yield from _findings(reading, rule)


def judged_tenant(reading: TenantReading, rules: Rules, now: datetime) -> Iterator[Trouble]:
    """Return what is wrong with a tenant as a whole."""
    rule = rules.of(Kind.STOCK_LOW)
    if rule.enabled and reading.low:
        assert reading.low_since is not None
        skus = ", ".join(reading.low_skus)
        more = f" and {reading.low - len(reading.low_skus)} more" if reading.low > len(reading.low_skus) else ""
        yield Trouble(
            kind=Kind.STOCK_LOW,
            subject=str(reading.tenant_id),
            connection_id=None,
            severity=rule.severity,
            title=_many(reading.low, "SKU runs low", "SKUs run low"),
            cause=text(f"below their thresholds: {skus}{more}"),
            remedy="order them, or change the thresholds",
            command="crossdock stock alerts",
            link="/api/v1/stock/alerts?open=true",
            since=reading.low_since,
            count=reading.low,
        )
    rule = rules.of(Kind.CHANNEL)
    for channel in reading.channels if rule.enabled else ():
        if now - channel["failing_since"] >= timedelta(minutes=rule.number("minutes")):
            yield Trouble(
                kind=Kind.CHANNEL,
                subject=str(channel["id"]),
                connection_id=None,
                severity=rule.severity,
                title=f"notices do not get through on the channel {channel['name']}",
                cause=text(channel["problem"] or "no answer")[:_SHOWN],
                remedy="correct the channel and send a test: crossdock alerts channels test NAME",
                command="crossdock alerts channels",
                link="/api/v1/alert-channels",
                since=channel["failing_since"],
            )


def _about(reading: Reading, rule: Rule, since: datetime, title: str, cause: str, remedy: str, **more: Any) -> Trouble:
    name = show(Prefix.CONNECTION, reading.connection_id)
    return Trouble(
        kind=rule.kind,
        connection_id=reading.connection_id,
        title=f"{reading.name}: {title}",
        cause=text(cause)[:_SHOWN],
        remedy=text(remedy)[:_SHOWN],
        since=since,
        **{
            "subject": name,
            "severity": rule.severity,
            "command": "crossdock connections show " + name,
            "link": f"/api/v1/connections/{name}",
            **more,
        },
    )


def _many(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def _dead_letters(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    del now
    count = reading.dead_recent if rule.number("minutes") else reading.dead
    if not count or count < rule.number("count") or reading.dead_since is None:
        return None
    name = show(Prefix.CONNECTION, reading.connection_id)
    return _about(
        reading,
        rule,
        reading.dead_since,
        _many(count, "delivery was given up", "deliveries were given up"),
        f"the newest: {reading.dead_cause}" if reading.dead_cause else "the reasons stand at each of them",
        "look at the causes, repair what they name, then retry them or discard them with a reason",
        command=f"crossdock dead-letters list --connection {name}",
        link=f"/api/v1/dead-letters?connection_id={name}",
        count=count,
    )


def _broken(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    del now
    if reading.state != "broken":
        return None
    cause, _, remedy = (reading.problem or "it refuses us").rpartition("; ")
    name = show(Prefix.CONNECTION, reading.connection_id)
    return _about(
        reading,
        rule,
        reading.state_since,
        "the connection is broken, nothing goes there",
        cause or remedy,
        f"{remedy if cause else 'repair the account or give new credentials'}; it is checked again by itself and goes "
        f"on where it stopped",
        command=f"crossdock check {name}",
    )


def _breaker(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    since = reading.breaker_since
    if reading.breaker in (None, "closed") or since is None:
        return None
    if now - since < timedelta(minutes=rule.number("minutes")):
        return None
    return _about(
        reading,
        rule,
        since,
        "too many calls fail, deliveries wait",
        reading.breaker_reason or "too many calls failed",
        "look whether the other side answers; one probe at a time goes on by itself and nothing is lost",
        command="crossdock deliveries --state waiting",
        quiet=reading.state == "broken",
    )


def _lag(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    limit = rule.number("seconds")
    delivered, late = reading.lags.delivered, reading.lags.later_than(limit)
    if delivered < rule.number("least") or late * _LATE_SHARE < delivered or not late:
        return None
    return _about(
        reading,
        rule,
        now - timedelta(minutes=rule.number("minutes")),
        f"deliveries come later than {_span(limit)}",
        f"{late:,} of {delivered:,} deliveries of the last {rule.number('minutes'):g} minutes came late",
        "see whether the destination is slow or its limits are reached; more workers help only if neither is so",
        command="crossdock deliveries --state waiting",
        count=late,
        quiet=_explained(reading),
    )


def _queue_age(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    limit = timedelta(seconds=rule.number("seconds"))
    waits = [at for at in (reading.overdue_since, reading.tried_since) if at is not None]
    if not waits or now - min(waits) < limit:
        return None
    tried = reading.tried_since is not None and min(waits) == reading.tried_since
    return _about(
        reading,
        rule,
        min(waits),
        f"a delivery waits for more than {_span(limit.total_seconds())}",
        "it is tried again and again in vain" if tried else "it is due, and no worker takes it",
        "look at the reason of its last attempt"
        if tried
        else "see whether a worker runs: crossdock doctor; and whether the lane's limits are reached",
        command="crossdock deliveries --state waiting",
        quiet=_explained(reading),
    )


def _failure_share(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    failed, calls = reading.pace.failed, reading.pace.failed + reading.pace.delivered
    if calls < rule.number("least") or failed * 100 < rule.number("percent") * calls:
        return None
    return _about(
        reading,
        rule,
        now - timedelta(minutes=rule.number("minutes")),
        f"{failed * 100 // calls} % of the calls fail",
        f"{failed:,} of {calls:,} attempts of the last {rule.number('minutes'):g} minutes failed",
        "look at the reasons of the last attempts; all are tried again by themselves",
        command="crossdock deliveries --state waiting",
        count=failed,
        quiet=reading.state == "broken" or reading.breaker not in (None, "closed"),
    )


def _explained(reading: Reading) -> bool:
    """Whether another alert, or a backfill, explains that deliveries wait."""
    return reading.state == "broken" or reading.breaker not in (None, "closed") or reading.backfilling


def _silence(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    silence = reading.silence
    if silence is None or silence.usual_s is None or reading.state != "active":
        return None
    usual = timedelta(seconds=silence.usual_s)
    if now - silence.heard_at < max(timedelta(hours=rule.number("hours")), usual * rule.number("factor")):
        return None
    return _about(
        reading,
        rule,
        silence.heard_at,
        "nothing new came for longer than usual",
        f"silent for {_span((now - silence.heard_at).total_seconds())}; its longest usual pause is "
        f"{_span(usual.total_seconds())}",
        "place a test order in the shop: if it does not arrive, run crossdock check and crossdock watch --now",
        command="crossdock watch " + show(Prefix.CONNECTION, reading.connection_id),
    )


def _proof_gap(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    del now
    if reading.gap is None:
        return None
    proof = show(Prefix.PROOF, reading.gap.proof_id)
    return _about(
        reading,
        rule,
        reading.gap.ended_at,
        "the last proof is not green",
        "what the store holds and what stands at its destinations differ",
        "read the exceptions of the report: each says its cause; then prove again",
        command=f"crossdock prove {show(Prefix.CONNECTION, reading.connection_id)}",
        link=f"/api/v1/proofs/{proof}",
    )


def _quota(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    del now
    quota = reading.quota
    if quota is None or quota.most <= 0 or quota.used * 100 < rule.number("percent") * quota.most:
        return None
    resets = f"; it begins anew at {quota.resets_at:%Y-%m-%d %H:%M} UTC" if quota.resets_at else ""
    return _about(
        reading,
        rule,
        reading.state_since if quota.resets_at is None else quota.resets_at - timedelta(days=1),
        f"{quota.used * 100 // quota.most} % of the day's requests are used",
        f"{quota.used:,} of {quota.most:,} requests{resets}",
        "live events keep their reserve; put off backfills, or raise the quota at the vendor",
        count=quota.used,
    )


def _stock_links(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    if reading.suspended < rule.number("count") or not reading.suspended:
        return None
    return _about(
        reading,
        rule,
        reading.suspended_since or now,
        _many(reading.suspended, "product is no longer told its stock", "products are no longer told their stock"),
        "the store refused the stock of each of them too often in a row",
        "repair the products or their links, then resume them",
        command="crossdock sku-links --state suspended",
        link="/api/v1/sku-links?state=suspended",
        count=reading.suspended,
    )


def _fallback(reading: Reading, rule: Rule, now: datetime) -> Trouble | None:
    if not reading.fallen_back or reading.fallback is None:
        return None
    since = reading.state_since if reading.state == "broken" else reading.breaker_since or now
    return _about(
        reading,
        rule,
        since,
        f"critical deliveries go to {reading.fallback} instead",
        "its lane has not taken anything for longer than its critical routes may wait",
        "nothing is to do for the deliveries; repair the first destination, what comes after that goes there again",
        command="crossdock deliveries",
        count=reading.fallen_back,
    )


def _findings(reading: Reading, rule: Rule) -> Iterator[Trouble]:
    name = show(Prefix.CONNECTION, reading.connection_id)
    for one in reading.findings:
        yield _about(
            reading,
            rule,
            one.since,
            one.code.replace("-", " "),
            one.cause,
            one.remedy,
            subject=f"{name}:{one.code}",
            severity=one.severity,
            command=f"crossdock watch {name}",
            link=f"/api/v1/connections/{name}/findings",
            count=one.seen,
            # what breaks the connection is told by the alert of the broken connection
            quiet=reading.state == "broken" and one.severity == "error",
        )


def _span(seconds: float) -> str:
    """Return a span of time in words."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}s"
    return f"{int(seconds)} seconds"


_JUDGES: dict[Kind, Judge] = {
    Kind.DEAD_LETTERS: _dead_letters,
    Kind.CONNECTION_BROKEN: _broken,
    Kind.BREAKER_OPEN: _breaker,
    Kind.LAG: _lag,
    Kind.QUEUE_AGE: _queue_age,
    Kind.FAILURE_SHARE: _failure_share,
    Kind.SILENCE: _silence,
    Kind.PROOF_GAP: _proof_gap,
    Kind.QUOTA: _quota,
    Kind.STOCK_LINKS: _stock_links,
    Kind.FALLBACK: _fallback,
}
