"""A check as stops on a line: what was asked, what came back, what it means, what helps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.connect.connector import CheckResult, Connector
from crossdock.model.connection import Connection
from crossdock.web.words import capitalize_first, sentence

RIGHTS = {"read": "read only", "read_write": "read and write"}
"""What a key may, in words."""


class Stop(msgspec.Struct, frozen=True):
    """One stop of the line. ``tone`` good, warn, bad, or quiet for what was not reached."""

    tone: str
    title: str
    soft: str = ""
    asked: str = ""
    came: str = ""
    means: str = ""
    helps: str = ""
    evidence: str = ""


class _Part(msgspec.Struct, frozen=True):
    """One question of a check, in the order they are asked."""

    name: str
    asked: str
    good: str
    bad: str
    quiet: str
    codes: frozenset[str]
    """Problems that this question brings to light."""


_PARTS = (
    _Part(
        "address",
        "We looked the address up and opened a connection to it.",
        "The address answers",
        "The address does not answer",
        "The address answers",
        frozenset(
            [
                "unknown-host",
                "wrong-url",
                "tls",
                "unreachable",
                "timeout",
                "egress",
                "moved",
                "dns",
                "refused",
                "cut",
                "redirect",
                "no-answer-dns",
                "no-answer-refused",
                "no-answer-timeout",
                "no-answer-cut",
                "no-answer-tls",
                "no-answer-egress",
                "no-answer-redirect",
            ]
        ),
    ),
    _Part(
        "program",
        "We asked its API what it is, without any key.",
        "It is what we expect",
        "Something else answers there",
        "It is what we expect",
        frozenset(
            [
                "no-woocommerce",
                "permalinks-off",
                "rest-blocked",
                "throttled",
                "maintenance",
                "shop-down",
                "site-down",
                "not-json",
                "too-old",
                "not-hubspot",
                "vendor-trouble",
                "plugin-missing",
                "password",
                "wrong-address",
                "oversize",
                "answer",
            ]
        ),
    ),
    _Part(
        "key",
        "We asked for something that needs the key.",
        "Our key is taken",
        "Our key is not taken",
        "Our key is taken",
        frozenset(
            [
                "wrong-keys",
                "signature",
                "clock-skew",
                "wrong-token",
                "not-paired",
                "unpaired",
                "unknown-key",
                "bad-signature",
                "wrong-secret",
                "nonce-replayed",
            ]
        ),
    ),
    _Part(
        "rights",
        "We asked what the key may read and write, without changing anything.",
        "It may do what the routes need",
        "It may not do all that the routes need",
        "It may do what the routes need",
        frozenset(["missing-scopes", "no-permission", "write-only-keys", "no-orders-object"]),
    ),
    _Part(
        "account",
        "We compared the account that answered with the one that was connected.",
        "It is the same account as before",
        "It is another account",
        "It is the same account as before",
        frozenset(("another-account", "another-site")),
    ),
)
_MEANS = {
    "address": "Nothing can be read or written until it answers. What it would have told is pulled when it is back.",
    "program": "The address works, but the API behind it does not. Nothing can be read or written meanwhile.",
    "key": "The account is there, but it does not know us. Webhooks that are registered still arrive and are kept.",
    "rights": "Some of what the routes want to do is refused, so their deliveries would end as dead letters.",
    "account": "Going on would mix two accounts, so nothing is read or written until somebody decides.",
}


def line_of(result: CheckResult, connection: Connection, connector: Connector | None) -> list[Stop]:
    """Return the stops of a check: good ones, the one that failed with all that is known, and those not reached."""
    title = connector.manifest.identity.title if connector else connection.connector
    failed = _failed(result)
    stops = []
    for place, part in enumerate(_PARTS):
        if failed is None or place < failed:
            stops.append(Stop("good", part.good, _fact(part.name, result.account, title), asked=part.asked))
        elif place == failed:
            stops.append(_broken(part, result))
        else:
            stops.append(Stop("quiet", part.quiet, "not reached"))
    stops += [Stop("warn", capitalize_first(said)) for said in result.warnings]
    return stops


def _failed(result: CheckResult) -> int | None:
    if result.ok:
        return None
    return next((place for place, part in enumerate(_PARTS) if result.code in part.codes), 1)


def _broken(part: _Part, result: CheckResult) -> Stop:
    return Stop(
        "bad",
        part.bad,
        asked=part.asked,
        came=sentence(result.problem),
        means=_MEANS[part.name],
        helps=sentence(result.remedy),
        evidence=result.code,
    )


def _fact(name: str, account: Mapping[str, Any], title: str) -> str:
    """Return what the account told at a stop, in a few words."""
    if name == "address":
        return str(account.get("site_url") or account.get("host") or "")
    if name == "program":
        versions = [f"{title} {account['version']}" if account.get("version") else title]
        versions += [f"WordPress {account['wordpress']}"] if account.get("wordpress") else []
        return ", ".join(versions)
    if name == "rights":
        return RIGHTS.get(str(account.get("permissions")), "")
    if name == "account":
        return str(account.get("name") or (f"portal {account['portal_id']}" if account.get("portal_id") else ""))
    return ""
