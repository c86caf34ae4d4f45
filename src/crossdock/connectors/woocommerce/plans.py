"""From a wish to its plan. Pure.

An order's change and the note that goes with it are two steps: what is committed stays known when the second fails.
A note to the customer has a step before it that looks which notes there are: its answer is committed before the note
is sent, so that a note in doubt is known from all that stood there before.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import orjson

from crossdock.connect.connector import Context, PlanRefused
from crossdock.connectors.woocommerce import owners, wishes
from crossdock.connectors.woocommerce.wishes import AddNote, Fulfil, SetPrice, SetStatus, SetStock, Wish
from crossdock.model.plan import Plan, Ref, Step, Verb, Write

NOTE: Final = "note"
"""The step that writes notes, of whatever action."""
PLACE: Final = "note_place"
"""The step before it: the newest note there is before one is sent to the customer."""
AFTER: Final = "after"
"""What a customer's note carries: the id of the newest note before it."""


def plan(action: str, entity: Any, context: Context) -> Plan:
    """Make the plan of one wish. Raises ``PlanRefused``.

    State wishes come as their document; of the others the published event is at hand.
    """
    if context.presence == "deleted":
        return Plan((), nothing="the wish was withdrawn")
    document = entity if entity is not None else _published(context.body)
    asked = wishes.read(action, document, context.account)
    wish = owners.allowed(asked, context.config)
    if isinstance(wish, str):
        return Plan((), nothing=wish)
    if context.account.get("permissions") == "read":
        raise PlanRefused(
            "permissions",
            "the shop's keys may only read",
            "give them read and write permission in WooCommerce > Settings > Advanced > REST API, check again",
        )
    if isinstance(wish, AddNote):
        return Plan(tuple(_note(wish, context)))
    steps = [_step(action, wish, context)]
    told = _told(wish)
    if told is not None:
        steps += _note(told, context)
    return Plan(tuple(steps))


def _published(body: bytes) -> Any:
    event = orjson.loads(body) if body else None
    if not isinstance(event, dict) or "data" not in event:
        raise PlanRefused("data", "the event carries no wish", "record it on a stream of wishes")
    return event["data"]


def _step(name: str, wish: Wish, context: Context) -> Step:
    key = f"{context.store_uid}:{name}:{wish.request_id}"
    return Step(name, (Write(Verb.SEND, name, key, body=msgspec.json.encode(wish)),))


def _note(wish: AddNote, context: Context) -> list[Step]:
    step = _step(NOTE, wish, context)
    if not wish.customer_note:
        return [step]
    (note,) = step.writes
    place = Write(Verb.UPSERT, PLACE, note.key, match=("request_id", note.key), ensure=True, body=note.body)
    after = msgspec.structs.replace(note, properties={AFTER: Ref(PLACE, note.key)})
    return [Step(PLACE, (place,)), Step(NOTE, (after,))]


def _told(wish: Wish) -> AddNote | None:
    """Return the note that goes with a wish."""
    match wish:
        case SetStatus(note=str(text)):
            return AddNote(wish.request_id, wish.order_id, text)
        case Fulfil() if wish.notify or wish.tracking_number or wish.carrier:
            return AddNote(wish.request_id, wish.order_id, shipped(wish), customer_note=wish.notify)
        case _:
            return None


def shipped(wish: Fulfil) -> str:
    """Say in a note what is on its way: the one place where every shop shows it, with and without tracking plugins."""
    said = "Your order is on its way" if wish.lines is None else "A part of your order is on its way"
    said += f" with {wish.carrier}." if wish.carrier else "."
    if wish.tracking_number:
        said += f" Tracking number: {wish.tracking_number}."
    return f"{said} {wish.tracking_url}" if wish.tracking_url else said


def entity_of(wish: Wish) -> str:
    """Return the shop's id of what a wish is about."""
    if isinstance(wish, SetStock | SetPrice):
        return wish.variation_id or wish.product_id
    return str(getattr(wish, "order_id", ""))
