"""Which product of a store is which SKU of the hub: by SKU, as the rules normalise it. Pure.

An item is *matched* when exactly one hub SKU has its normal form (or its very SKU: that wins over likeness) and no
other item of the store has as good a claim to it. Everything else is *ambiguous* or *unmatched*, with the reason, and
is left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from crossdock.errors import BadInput

LONGEST = 200
"""Characters of a SKU, a prefix or a pattern."""
_MOST_RULES = 20


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How SKUs are made comparable, applied to both sides in this order."""

    trim: bool = True
    """White space at both ends is dropped."""
    ignore_case: bool = True
    strip_prefixes: tuple[str, ...] = ()
    """The first of these that fits is cut off the front, once."""
    strip_suffixes: tuple[str, ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    """(regular expression, replacement), each applied everywhere, in order."""


class Item(msgspec.Struct, frozen=True):
    """A product or variation of a store that can be linked."""

    product_id: str
    variation_id: str | None
    sku: str
    name: str = ""


class Doubtful(msgspec.Struct, frozen=True):
    """An item that is not matched, and why."""

    item: Item
    reason: str
    candidates: tuple[str, ...] = ()


class Matching(msgspec.Struct, frozen=True):
    """What the rules make of a store; every item stands in exactly one list."""

    matched: tuple[tuple[Item, str], ...]
    ambiguous: tuple[Doubtful, ...]
    unmatched: tuple[Doubtful, ...]


class Normal:
    """Rules made ready. Raises ``BadInput`` naming the rule that cannot be used."""

    def __init__(self, rules: Rules) -> None:
        for name in ("strip_prefixes", "strip_suffixes", "replace"):
            if len(getattr(rules, name)) > _MOST_RULES:
                raise BadInput(f"at most {_MOST_RULES} rules", field=f"rules.{name}", remedy="join some of them")
        self._rules = rules
        self._replace = [(_pattern(at, pattern), to) for at, (pattern, to) in enumerate(rules.replace)]

    def __call__(self, sku: str) -> str:
        """Return the normal form of a SKU; empty when nothing of it is left."""
        rules = self._rules
        text = sku[:LONGEST]
        if rules.trim:
            text = text.strip()
        if rules.ignore_case:
            text = text.casefold()
        text = self._cut(text)
        for pattern, to in self._replace:
            text = _replaced(pattern, to, text)
        return text

    def _cut(self, text: str) -> str:
        fold = str.casefold if self._rules.ignore_case else str
        prefixes, suffixes = map(fold, self._rules.strip_prefixes), map(fold, self._rules.strip_suffixes)
        front = next((p for p in prefixes if p and text.startswith(p)), "")
        text = text[len(front) :]
        back = next((s for s in suffixes if s and text.endswith(s)), "")
        return text[: len(text) - len(back)]


def _pattern(at: int, pattern: str) -> re.Pattern[str]:
    field = f"rules.replace[{at}]"
    if len(pattern) > LONGEST:
        raise BadInput(f"a pattern has at most {LONGEST} characters", field=field, remedy="shorten it")
    if re.search(r"[+*}]\)*[+*{]", pattern):
        # (a+)+ takes exponential time on some SKUs
        raise BadInput("a repetition of a repetition takes too long", field=field, remedy="write it without nesting")
    try:
        return re.compile(pattern)
    except (re.error, OverflowError) as wrong:
        raise BadInput(
            f"that is no regular expression: {wrong}", field=field, remedy="see Python's re syntax"
        ) from None


def _replaced(pattern: re.Pattern[str], to: str, text: str) -> str:
    try:
        return pattern.sub(to, text)
    except (re.error, IndexError) as wrong:
        raise BadInput(
            f"the replacement does not fit: {wrong}", field="rules.replace", remedy="use \\1 to \\9"
        ) from None


def match(items: Sequence[Item], hub_skus: Iterable[str], rules: Rules) -> Matching:
    """Match a store's items with hub SKUs. Their order does not matter."""
    normal = Normal(rules)
    exact = set(hub_skus) - {""}
    by_form: dict[str, set[str]] = {}
    for sku in exact:
        by_form.setdefault(normal(sku), set()).add(sku)
    by_form.pop("", None)
    claims: dict[str, list[tuple[Item, bool]]] = {}
    ambiguous, unmatched = [], []
    for item in items:
        found = [item.sku] if item.sku in exact else sorted(by_form.get(normal(item.sku), ()))
        if not found:
            unmatched.append(Doubtful(item, "no hub SKU is like it" if item.sku.strip() else "it has no SKU"))
        elif len(found) > 1:
            ambiguous.append(Doubtful(item, "several hub SKUs are like it", tuple(found)))
        else:
            claims.setdefault(found[0], []).append((item, item.sku == found[0]))
    matched = []
    for sku, claimants in claims.items():
        exactly = [item for item, same in claimants if same]
        best = exactly or [item for item, _ in claimants]
        if len(best) == 1:
            matched.append((best[0], sku))
        losers = [item for item, _ in claimants if len(best) > 1 or item != best[0]]
        ambiguous += [Doubtful(item, "several products of the store are like it", (sku,)) for item in losers]
    return Matching(
        tuple(sorted(matched, key=lambda pair: _key(pair[0]))),
        tuple(sorted(ambiguous, key=lambda one: _key(one.item))),
        tuple(sorted(unmatched, key=lambda one: _key(one.item))),
    )


def _key(item: Item) -> tuple[str, str]:
    return item.product_id, item.variation_id or ""
