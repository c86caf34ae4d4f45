"""Which of a shop's entities go no further than the record: a start date and filters. Pure.

``config["start_date"]`` (``2026-01-01``, or a time; UTC where it names no zone) leaves out orders, refunds and notes
that are older. ``config["filters"]`` names what is left out otherwise:

* ``gateways``: orders paid by these payment methods (a shop's test gateway),
* ``emails``: orders and customers by patterns of their address (``*@example.com``),
* ``meta``: orders that carry a meta key (``"_test"``), or a key with a value (``{"key": "mode", "value": "test"}``),
* ``drafts``: true leaves out drafts of the checkout and unpublished products and coupons,
* ``products`` and ``categories``: products by id (their variations too) and by category id.

What is left out is recorded all the same; only its deliveries end at once, skipped by a named rule. A value that is
not of its type leaves nothing out: configs are checked where they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fnmatch import translate
from typing import Any, Final

from crossdock.model.delivery import SkipReason
from crossdock.model.observation import Observation, Presence

Test = Callable[[Observation], bool]
Filter = Callable[[Observation], SkipReason | None]
_DATED: Final = frozenset({"order", "refund", "note"})
_DRAFTS: Final = frozenset({"draft", "pending", "private", "future"})
"""Statuses of products and coupons that no visitor sees. Of an order "pending" means unpaid."""


def start_of(config: Mapping[str, Any]) -> datetime | None:
    """Return the connection's start date, None where there is none."""
    given = config.get("start_date")
    if not isinstance(given, str):
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def filter_of(config: Mapping[str, Any]) -> Filter | None:
    """Return the rule of a connection, None when it leaves nothing out."""
    start = start_of(config)
    tests = _tests(config.get("filters"))
    if start is None and not tests:
        return None

    def decide(seen: Observation) -> SkipReason | None:
        if start is not None and seen.stream in _DATED and seen.created_at is not None and seen.created_at < start:
            return SkipReason.HISTORICAL
        return SkipReason.FILTER if any(test(seen) for test in tests) else None

    return decide


def _tests(given: object) -> tuple[Test, ...]:
    if not isinstance(given, Mapping):
        return ()
    found = [
        _by_gateway(_words(given.get("gateways"))),
        _by_mail(_words(given.get("emails"))),
        _by_meta(given.get("meta")),
        _is_draft if given.get("drafts") is True else None,
        _by_product(_words(given.get("products"))),
        _by_category(_words(given.get("categories"))),
    ]
    return tuple(test for test in found if test is not None)


def _words(given: object) -> frozenset[str]:
    if not isinstance(given, list | tuple):
        return frozenset()
    return frozenset(
        str(one) for one in given if isinstance(one, str | int) and not isinstance(one, bool) and one != ""
    )


def _by_gateway(names: frozenset[str]) -> Test | None:
    if not names:
        return None
    return lambda seen: seen.stream == "order" and seen.document.get("payment_method") in names


def _by_mail(patterns: frozenset[str]) -> Test | None:
    if not patterns:
        return None
    fits = re.compile("|".join(translate(pattern.lower()) for pattern in sorted(patterns))).match
    return lambda seen: seen.stream in ("order", "customer") and any(fits(mail) for mail in seen.subjects)


def _by_meta(given: object) -> Test | None:
    wanted: dict[str, object] = {}
    for one in given if isinstance(given, list | tuple) else ():
        if isinstance(one, str) and one:
            wanted[one] = None
        elif isinstance(one, Mapping) and isinstance(one.get("key"), str):
            wanted[one["key"]] = one.get("value")
    if not wanted:
        return None

    def carries(seen: Observation) -> bool:
        meta = seen.document.get("meta_data")
        if seen.stream != "order" or not isinstance(meta, list):
            return False
        return any(
            isinstance(row, dict)
            and row.get("key") in wanted
            and wanted[row["key"]] in (None, row.get("value"), str(row.get("value")))
            for row in meta
        )

    return carries


def _is_draft(seen: Observation) -> bool:
    return seen.presence is Presence.DRAFT or (seen.stream in ("product", "coupon") and seen.status in _DRAFTS)


def _by_product(ids: frozenset[str]) -> Test | None:
    if not ids:
        return None
    return lambda seen: seen.stream == "product" and (seen.external_id in ids or seen.parent_id in ids)


def _by_category(ids: frozenset[str]) -> Test | None:
    if not ids:
        return None

    def within(seen: Observation) -> bool:
        found = seen.document.get("categories") if seen.stream == "product" else None
        rows = found if isinstance(found, list) else []
        return any(isinstance(row, dict) and str(row.get("id")) in ids for row in rows)

    return within
