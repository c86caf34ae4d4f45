"""From what a look at a site saw to what is wrong with it. Pure.

A site tells by itself, so what hides events is a queue that does not run: paused, without cron, or full of rows the hub
refused. None of it is lost; all of it is late, and people are told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import msgspec

from crossdock.connect.watching import Finding, Gap, Judgement, Known, Sight
from crossdock.connectors.wordpress.told import Queue

STALE_S: Final = 15 * 60
"""A run that is so overdue does not come by itself: WP-Cron runs when somebody visits."""
OLD_S: Final = 60 * 60
"""A row that waits so long while nothing is paused is stuck behind something."""
_NEAR_S: Final = 60.0
_FAR_S: Final = 300.0
"""What both sides take at most."""
_COPIES: Final = frozenset({"copy", "address", "instance", "environment", "database"})
"""Why the plugin takes its site for a copy of another."""
_SOON_EXPIRED: Final = timedelta(days=14)


class Ailment(msgspec.Struct, frozen=True):
    """What is known of a code in general."""

    cause: str
    remedy: str
    severity: str = "error"
    breaks: bool = False
    stops_writes: bool = False


_PAIR: Final = "make a pairing code and paste it into the plugin: crossdock plugin pair"
_HOST: Final = "ask the site's host; the hub tries again every few minutes, and the site keeps what it could not send"
AILMENTS: Final[dict[str, Ailment]] = {
    "not-paired": Ailment("the site is not paired with the hub", _PAIR, breaks=True, stops_writes=True),
    "unknown-key": Ailment("the site does not know its key any more", _PAIR, stops_writes=True),
    "unpaired": Ailment("the plugin has forgotten its pairing", _PAIR, stops_writes=True),
    "bad-signature": Ailment("the site's secret is another one than the hub's", _PAIR, stops_writes=True),
    "another-site": Ailment(
        "the site that answers is not the one that was paired",
        "pair a copy on its own, in its own connection; a site that has moved is paired anew at its new address",
        stops_writes=True,
    ),
    "clock-skew": Ailment(
        "the site's clock and the hub's are more than 5 minutes apart: neither side takes the other's signatures",
        "set both machines' clocks by NTP",
        stops_writes=True,
    ),
    "plugin-missing": Ailment(
        "the plugin does not answer at the site: deactivated, deleted, or too old",
        "activate Crossdock in WordPress > Plugins and update it; what happened meanwhile is caught up by an export",
        stops_writes=True,
    ),
    "rest-blocked": Ailment(
        "a firewall or security plugin keeps the hub out",
        "let the hub's address through to /wp-json/crossdock/; what the site sends is not held up by it",
        severity="warning",
        stops_writes=True,
    ),
    "password": Ailment(
        "something in front of the site asks for a password",
        "let the hub through without it: /wp-json/crossdock/ is signed",
        severity="warning",
        stops_writes=True,
    ),
    "not-json": Ailment(
        "the site answers a web page instead of the plugin's JSON",
        "look for a firewall's captcha or a page cache, and leave /wp-json/ out of it",
        severity="warning",
        stops_writes=True,
    ),
    "unreachable": Ailment("the site cannot be reached", _HOST, stops_writes=True),
    "egress": Ailment(
        "the hub may not call the site's address",
        "let the site be reached by https; or allow plain http: crossdock connections set NAME plain_http=true",
        severity="warning",
        stops_writes=True,
    ),
    "certificate-expired": Ailment("the site's certificate has expired", "renew it at the site's host"),
    "certificate-ends": Ailment("the site's certificate ends soon", "renew it at the site's host", severity="warning"),
    "outbox-copy": Ailment(
        "the site takes itself for a copy of another and sends nothing",
        "pair the copy on its own, or say in the plugin that the site has moved here",
    ),
    "outbox-paused": Ailment(
        "the site's outbox is paused: nothing is sent, all of it is kept",
        "look at WordPress > Crossdock > Queue, then resume it there or here: crossdock plugin resume",
    ),
    "outbox-dead": Ailment(
        "the site's outbox holds rows that it gave up on",
        "look at WordPress > Crossdock > Queue: each says why; retry or discard them there",
        severity="warning",
    ),
    "cron-stale": Ailment(
        "the site's scheduled work does not run, so that nothing is sent",
        "let a real cron call wp-cron.php every minute (or wp cron event run --due-now); WP-Cron alone runs when "
        "somebody visits, and never with DISABLE_WP_CRON and no cron beside it",
    ),
    "outbox-late": Ailment(
        "what the site wants to send waits for more than an hour",
        "look at WordPress > Crossdock > Queue for what it waits for",
        severity="warning",
    ),
}


def finding(code: str, cause: str = "", **evidence: Any) -> Finding:
    """Return the finding of a code; ``cause`` words it closer."""
    known = AILMENTS[code]
    return Finding(
        code,
        known.severity,
        cause or known.cause,
        known.remedy,
        gap=Gap.NONE,
        breaks=known.breaks,
        stops_writes=known.stops_writes,
        evidence=evidence,
    )


def diagnose(sight: Sight, known: Known, queue: Queue) -> Judgement:
    """Say what is wrong with a site, and what its facts are from now on."""
    account = _account(sight, known)
    found = list(_certificate(sight, known))
    if not sight.check.ok:
        found.append(_of_check(sight))
    else:
        found += [*_clock(sight), *_of_queue(queue)]
    return Judgement(tuple(found), account, memory={})


def _account(sight: Sight, known: Known) -> dict[str, Any]:
    kept = dict(known.account)
    if sight.check.ok:
        # the address and the instance are those that were paired
        fixed = {name: kept[name] for name in ("site_url", "instance") if kept.get(name)}
        kept |= {name: value for name, value in sight.check.account.items() if value not in ("", None)}
        kept |= fixed
    if sight.clock_ahead_s is not None:
        kept.pop("clock_ahead_s", None)
        if abs(sight.clock_ahead_s) > _NEAR_S:
            kept["clock_ahead_s"] = round(sight.clock_ahead_s)
    return kept


def _of_check(sight: Sight) -> Finding:
    code = sight.check.code
    if sight.certificate_expired:
        return finding("certificate-expired")
    if code not in AILMENTS:
        code = "unreachable"
    return finding(code, sight.check.problem or AILMENTS[code].cause)


def _certificate(sight: Sight, known: Known) -> Iterator[Finding]:
    if sight.certificate_ends is None or sight.certificate_expired:
        return
    left = sight.certificate_ends - known.now
    if left < _SOON_EXPIRED:
        yield finding("certificate-ends", days=max(0, left.days))


def _clock(sight: Sight) -> Iterator[Finding]:
    # our calls are signed by the site's clock once it is known to be wrong; the site's own are refused
    ahead = sight.clock_ahead_s
    if ahead is not None and abs(ahead) > _FAR_S:
        yield finding("clock-skew", seconds=round(ahead))


def _of_queue(queue: Queue) -> Iterator[Finding]:
    if queue.paused and queue.reason in _COPIES:
        yield finding("outbox-copy")
    elif queue.paused:
        why = f" ({queue.reason})" if queue.reason else ""
        cause = f"the site's outbox is paused{why}: nothing is sent, all of it is kept"
        yield finding("outbox-paused", cause, waiting=queue.waiting)
    elif queue.late_s > STALE_S and queue.waiting:
        yield finding("cron-stale", late_s=round(queue.late_s), waiting=queue.waiting, runner=queue.runner)
    elif queue.oldest_s > OLD_S:
        yield finding("outbox-late", oldest_s=round(queue.oldest_s), waiting=queue.waiting)
    if queue.dead:
        yield finding("outbox-dead", dead=queue.dead)
