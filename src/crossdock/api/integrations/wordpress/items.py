"""From a body to items, and from what became of them to results. One bad item does not stop the others."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import orjson

from crossdock.api.integrations.wordpress import words
from crossdock.api.integrations.wordpress.checking import invalid, problems_of
from crossdock.errors import BadInput, CrossdockError, Invalid
from crossdock.flow.plugin import Item, Linked, Told
from crossdock.kit.ids import Prefix, new_id, show

PREFIX: Final[Mapping[str, Prefix]] = {
    "order": Prefix.ORDER,
    "customer": Prefix.CUSTOMER,
    "product": Prefix.PRODUCT,
}
AHEAD: Final = timedelta(minutes=10)
"""How far in the future something may have happened: the site's clock is allowed half of it."""


class Given(msgspec.Struct, frozen=True):
    """One item as it came: ready, or why it is not."""

    id: str | None
    item: Item | None = None
    refused: CrossdockError | None = None


class Body(msgspec.Struct, frozen=True):
    """A body's items."""

    given: tuple[Given, ...]
    batch: bool
    sender: words.Sender | None = None


def parsed(body: bytes) -> Any:
    """Read JSON. Raises ``BadInput``."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadInput("the body is not JSON", field="body", remedy="send JSON in UTF-8") from None


def read(body: bytes, kinds: Sequence[str], most: int, now: datetime, *, mixed: bool = False) -> Body:
    """Read the items of a body: of the ``kinds`` a door takes, or with ``mixed`` a batch of any kind.

    Raises ``BadInput`` or ``Invalid`` where the envelope itself is not well-formed.
    """
    document = parsed(body)
    if not isinstance(document, dict):
        raise BadInput("expected an object", field="body", remedy='send an item, or {"items": [...]}')
    if "items" in document or mixed:
        items = document.get("items")
        if not isinstance(items, list) or not 1 <= len(items) <= most:
            raise BadInput(f"a batch holds 1 to {most} items", field="items", remedy="split it")
        sender = _sender(document.get("site"))
        return Body(tuple(_given(item, kinds, now) for item in items), True, sender)
    raw = not isinstance(document.get("data"), dict) and document.get("data") != []
    if raw and kinds[0] != "event":
        document = {"data": document}
    defaults = {"id": str(new_id()), "kind": _kind(document, kinds), "occurred_at": now.isoformat()}
    return Body((_given({**defaults, **document}, kinds, now),), False)


def _kind(document: Mapping[str, Any], kinds: Sequence[str]) -> str:
    """Return the kind of what came without an envelope: a refund has an order above it."""
    data = document.get("data")
    if "refund" in kinds and isinstance(data, dict) and "status" not in data and data.get("parent_id"):
        return "refund"
    return kinds[0]


def _sender(given: object) -> words.Sender | None:
    if given is None:
        return None
    if problems := problems_of(words.Sender, given, "site"):
        raise invalid(problems)
    return words.Sender.model_validate(given, strict=True)


def _given(given: Any, kinds: Sequence[str], now: datetime) -> Given:
    named = given.get("id") if isinstance(given, dict) else None
    shown_id = named if isinstance(named, str) and len(named) <= 64 else None
    if not isinstance(given, dict):
        return Given(None, refused=invalid([_wrong("item", "expected an object")]))
    if len(kinds) == 1:
        given = {"kind": kinds[0], **given}
    problems = problems_of(words.Item, given)
    if problems:
        return Given(shown_id, refused=invalid(problems))
    word = words.Item.model_validate(given, strict=True)
    problems = _rules(word, kinds, now) or _document(word)
    if problems:
        return Given(shown_id, refused=invalid(problems))
    item = Item(
        id=word.id,
        kind=word.kind,
        action=word.action,
        type=word.type or "",
        entity=word.entity,
        subject=word.subject or None,
        occurred_at=word.occurred_at,
        origin=word.origin,
        data=word.data,
    )
    return Given(str(word.id), item)


def _rules(word: words.Item, kinds: Sequence[str], now: datetime) -> list[dict[str, str]]:
    if word.kind not in kinds:
        return [_wrong("kind", f"expected one of {', '.join(kinds)}")]
    if word.occurred_at > now + AHEAD:
        return [_wrong("occurred_at", "it lies in the future")]
    return []


def _document(word: words.Item) -> list[dict[str, str]]:
    if word.kind == "event":
        return []
    return problems_of(words.Gone if word.action == "deleted" else words.DOCUMENTS[word.kind], word.data, "data")


def _wrong(field: str, rule: str) -> dict[str, str]:
    return {"field": field, "rule": rule, "remedy": "see /api/integrations/wordpress/schemas"}


def shown(given: Given, told: Told | None) -> dict[str, Any]:
    """Return one item's result."""
    refused = told.problem if told is not None else given.refused
    kind = given.item.kind if given.item is not None else ""
    return {
        "id": given.id,
        "status": told.status if told is not None else "refused",
        "event": _name(Prefix.EVENT, told.event_id if told else None),
        "record": _name(PREFIX.get(kind, Prefix.RECORD), told.record_id if told else None),
        "customer": _customer(told.customer if told else None),
        "problem": problem_of(refused) if refused is not None else None,
    }


def _customer(linked: Linked | None) -> dict[str, Any] | None:
    if linked is None:
        return None
    return {
        "record": _name(Prefix.CUSTOMER, linked.record_id),
        "found_by": linked.found_by,
        "status": linked.status,
    }


def _name(prefix: Prefix, identifier: uuid.UUID | None) -> str | None:
    return show(prefix, identifier) if identifier is not None else None


def problem_of(refused: CrossdockError) -> dict[str, Any]:
    """Return what an item was refused for; ``retry`` says whether the same item may be taken later."""
    problems = refused.problems if isinstance(refused, Invalid) else []
    if not problems and refused.field:
        problems = [{"field": refused.field, "rule": refused.problem, "remedy": refused.remedy}]
    return {"code": refused.code, "detail": refused.problem, "problems": problems, "retry": refused.status >= 500}
