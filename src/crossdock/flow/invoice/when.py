"""Which deals become invoices by themselves."""

from __future__ import annotations

import uuid
from typing import Literal

import msgspec

from crossdock.flow.invoice.rules import Book
from crossdock.flow.invoice.terms import Terms, WhenRule
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import FiredRule


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a deal without anybody asking, and the rule that says so."""

    then: Literal["issue", "draft", "nothing"]
    rule: FiredRule


def verdict(deal: Deal, terms: Terms, connection_id: uuid.UUID) -> Verdict:
    """Return what the terms say of a deal: the first rule that fits decides, none leaves it alone."""
    book = Book()
    for number, rule in enumerate(terms.when):
        if _fits(rule, deal, terms, show(Prefix.CONNECTION, connection_id)):
            book.note(f"when.{rule.then}", "state", f"rule {number}")
            return Verdict(rule.then, book.fired[0])
    book.note("when.nothing", "state", "no rule fits")
    return Verdict("nothing", book.fired[0])


def _fits(rule: WhenRule, deal: Deal, terms: Terms, connection: str) -> bool:
    currency = deal.currency or terms.currency.default
    return (
        not deal.archived
        and rule.connection in ("", connection)
        and (deal.won or not rule.only_won)
        and (not rule.pipelines or bool({deal.pipeline, deal.pipeline_label} & {*rule.pipelines}))
        and (not rule.stages or bool({deal.stage, deal.stage_label} & {*rule.stages}))
        and (not rule.owners or (deal.owner is not None and deal.owner.id in rule.owners))
        and (not rule.currencies or currency in rule.currencies)
        and (rule.minimum is None or (deal.amount is not None and deal.amount >= rule.minimum))
    )
