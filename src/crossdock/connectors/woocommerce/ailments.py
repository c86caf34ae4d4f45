"""Every finding about a shop: how grave it is, what it comes from and what to do. The check's codes are among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from crossdock.connect.watching import Finding, Gap, Mend


class Ailment(msgspec.Struct, frozen=True):
    """What is known of a code in general; a finding may word cause and remedy closer."""

    cause: str
    remedy: str
    severity: str = "error"
    gap: Gap = Gap.LATELY
    hooks_ok: bool = True
    breaks: bool = False
    stops_writes: bool = False


_KEYS: Final = "WooCommerce > Settings > Advanced > REST API"
_NEW_KEYS: Final = f"make new keys in {_KEYS}, with read and write permission, and rotate them into the connection"
_LET_IN: Final = (
    "let the hub's address and the path /wp-json/ through in the firewall, security plugin or content network, and "
    "switch off rules that hide the REST API"
)
_HOST: Final = "ask the shop's host; the hub tries again every few minutes and fills the gap by itself"


def _away(cause: str, remedy: str = _HOST, **more: Any) -> Ailment:
    """An ailment that keeps the hub from reading: webhooks cannot be looked after meanwhile."""
    return Ailment(cause, remedy, hooks_ok=False, **more)


AILMENTS: Final[Mapping[str, Ailment]] = {
    "webhook-disabled": Ailment(
        "the shop switched webhooks off: it does so for ever, silently, at the seventh failed delivery in a row",
        "nothing to do: they were registered anew, with new secrets, and the gap is pulled; if it happens again, look "
        "why the hub's address did not answer (outage, proxy, firewall)",
        hooks_ok=False,
    ),
    "webhook-paused": Ailment(
        "somebody paused webhooks in the shop",
        "nothing to do: they were set active again and the gap is pulled; to stop a shop, pause its connection instead",
        severity="warning",
        hooks_ok=False,
    ),
    "webhook-deleted": Ailment(
        "webhooks of the hub are gone from the shop: deleted by a person, a clean-up plugin or a restored backup",
        "nothing to do: they were registered anew and the gap is pulled; tell the shop's people that webhooks named "
        "Crossdock are needed",
        hooks_ok=False,
    ),
    "webhook-secret-changed": Ailment(
        "deliveries are signed with another secret than the hub gave: somebody saved another one in the shop",
        "nothing to do: the webhooks got new secrets and the gap is pulled; leave the secret field alone in "
        "WooCommerce > Settings > Advanced > Webhooks",
        hooks_ok=False,
    ),
    "webhook-url-changed": Ailment(
        "webhooks of the hub point to another address than the hub's: edited in the shop, or the hub has moved",
        "nothing to do: the address was put back and the gap is pulled; if the hub moved, check CROSSDOCK_PUBLIC_URL",
        hooks_ok=False,
    ),
    "webhook-failing": Ailment(
        "deliveries were answered with errors several times in a row; at the seventh the shop switches the webhook off",
        "nothing to do: the webhooks were registered anew, which begins the count at zero; look into the hub's log why "
        "deliveries were refused",
        severity="warning",
        hooks_ok=False,
    ),
    "webhook-unknown": Ailment(
        "webhooks point to this connection that the hub does not know (left over from a restored backup)",
        "nothing to do: they were deleted; webhooks that point elsewhere are never touched",
        severity="warning",
        gap=Gap.NONE,
    ),
    "webhook-missed": Ailment(
        "the shop did not tell of a change although its other webhooks arrive",
        "nothing to do: the change is pulled; a plugin that edits orders without WooCommerce's own functions, or a job "
        "queue that is far behind, is the usual cause (WooCommerce > Status > Scheduled Actions)",
        severity="warning",
    ),
    "scheduler-stalled": Ailment(
        "the shop's job queue stands still (WP-Cron or Action Scheduler): changes are there, but no webhook tells them",
        "the hub calls wp-cron.php itself every few minutes, which repairs the common case; for good, let the host call"
        " wp-cron.php every minute, and look at WooCommerce > Status > Scheduled Actions for past-due jobs",
        hooks_ok=False,
    ),
    "authorization-stripped": Ailment(
        "the shop's server drops the Authorization header, so keys in it never arrive",
        "the hub sends the keys in the query over https instead; better let the server pass the header on (Apache: "
        'SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1), because queries may be kept in access logs',
        severity="warning",
    ),
    "permalinks-off": _away(
        "the addresses of the REST API changed: permalinks were switched off, or the server does not rewrite any more",
        "choose any structure but Plain in WordPress > Settings > Permalinks and save; where /index.php/wp-json still "
        "answers, the hub uses it meanwhile",
    ),
    "rest-blocked": _away("something in front of the REST API refuses the hub or shows it a web page", _LET_IN),
    "not-json": _away(
        "the shop answers broken text instead of JSON",
        "look for a plugin that prints warnings, and for a firewall's captcha; switch WP_DEBUG_DISPLAY off",
    ),
    "maintenance": _away(
        "the shop is in maintenance mode: WordPress says so while it updates itself or a plugin",
        "wait for the update to end; if it lasts, an update was interrupted: delete the file .maintenance there",
        severity="warning",
    ),
    "wrong-keys": _away("the shop does not accept the keys any more: revoked or deleted", _NEW_KEYS, breaks=True),
    "signature": _away("the shop computes another signature: the consumer secret is another", _NEW_KEYS, breaks=True),
    "write-only-keys": _away("the keys may only write now", f"give them read permission in {_KEYS}", breaks=True),
    "no-permission": _away(
        "the user whom the keys belong to may not read orders any more",
        f"make keys for a shop manager or administrator in {_KEYS}",
        breaks=True,
    ),
    "keys-read-only": Ailment(
        "the keys may only read now: writes to the shop wait and webhooks cannot be repaired",
        f"give the keys read and write permission in {_KEYS}; what waits goes out by itself then",
        gap=Gap.NONE,
        stops_writes=True,
    ),
    "pull-only": Ailment(
        "the keys may only read, so no webhooks can be registered: changes are found by pulling every minute",
        f"for changes within seconds, give the keys read and write permission in {_KEYS}",
        severity="warning",
        gap=Gap.NONE,
        hooks_ok=False,
    ),
    "certificate-expired": _away(
        "the shop's TLS certificate has expired",
        "let the shop's host renew it; http:// is no way around it, because keys would travel in the open",
    ),
    "certificate-expiring": Ailment(
        "the shop's TLS certificate expires in less than 14 days",
        "let the shop's host renew it now; most renew by themselves 30 days before",
        severity="warning",
        gap=Gap.NONE,
    ),
    "tls": _away("the shop's TLS certificate is not valid for its address", "let the shop's host repair it"),
    "hpos-switched": Ailment(
        "the shop changed where it keeps orders (high-performance order storage switched on or off)",
        "nothing to do: everything is read afresh; while both storages differ, WooCommerce > Settings > Advanced > "
        "Features shows how many orders still wait to be copied",
        severity="warning",
        gap=Gap.ANYTHING,
    ),
    "staging-clone": _away(
        "the site that answers calls itself by another address than the connected shop: a copy, or a moved shop",
        "if it is a copy (staging), let the connected address lead to the shop again; if the shop moved for good, tell "
        "the hub: crossdock connections set NAME url=NEW-ADDRESS. Nothing is read or written meanwhile",
        breaks=True,
        stops_writes=True,
    ),
    "clone-webhooks": Ailment(
        "a copy of the shop sends its webhooks to this connection; they are refused and not recorded",
        "delete the webhooks named Crossdock in the copy (WooCommerce > Settings > Advanced > Webhooks of that site); "
        "after some refusals it stops by itself",
        severity="warning",
        gap=Gap.NONE,
    ),
    "store-restored": Ailment(
        "the shop went back in time: orders that were recorded are not there or are older than recorded (a backup was "
        "restored)",
        "nothing to do for the data: everything is read afresh and compared; decide what to do about orders that the "
        "backup does not hold, the hub still has them",
        gap=Gap.ANYTHING,
    ),
    "clock-wrong": Ailment(
        "the shop's clock is wrong",
        "let the shop's host set its clock by NTP; meanwhile the hub reckons with the difference",
        severity="warning",
        gap=Gap.NONE,
    ),
    "shop-down": _away("the shop's server is in trouble", "look at the shop itself first; its error log says more"),
    "unreachable": _away("the shop cannot be reached", "look whether the shop is up, or a firewall keeps the hub out"),
    "timeout": _away("the shop does not answer in time", "look whether the shop is up and not overloaded"),
    "unknown-host": _away("the shop's name is not known any more", "renew the domain, or repair its DNS entry"),
    "throttled": _away("the shop's host limits requests", "ask the host to allow the hub more", severity="warning"),
    "no-woocommerce": _away("WooCommerce is switched off in the site", "activate the plugin WooCommerce again"),
    "too-old": _away("the shop runs a WooCommerce that is too old", "update WooCommerce to 5.8 or newer", breaks=True),
    "moved": _away(
        "the shop's address points elsewhere",
        "if the shop moved for good (to https or www, too), tell the hub: crossdock connections set NAME url=ADDRESS; "
        "else remove the redirect",
    ),
    "wrong-url": _away("no WordPress REST API is at the shop's address", "let the address lead to the shop again"),
    "refused": _away("the shop refuses to list orders", "look at the shop's error log"),
    "egress": _away("the hub's own rules forbid the shop's address", "see CROSSDOCK_EGRESS_ALLOW"),
}
"""Code -> what it means. docs/how-to/troubleshooting-a-store.md has a row for each (a test checks)."""


def finding(
    code: str,
    *mends: Mend,
    cause: str = "",
    remedy: str = "",
    breaks: bool | None = None,
    hooks_ok: bool | None = None,
    gap: Gap | None = None,
    **evidence: Any,
) -> Finding:
    """Make a finding of a code. Raises ``KeyError`` for a code that has no entry."""
    known = AILMENTS[code]
    return Finding(
        code,
        known.severity,
        cause or known.cause,
        remedy or known.remedy,
        mends,
        known.gap if gap is None else gap,
        known.hooks_ok if hooks_ok is None else hooks_ok,
        known.breaks if breaks is None else breaks,
        known.stops_writes,
        evidence,
    )
