"""A sum that should hold and does not."""

from __future__ import annotations

import msgspec

from crossdock.model.commerce.marks import Amount, Thing


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of arithmetic an entity breaks. It is told beside the entity, which is never dropped for it."""

    rule: Thing
    """The rule's name: ``total``, ``tax_total``, ``discount_total``…"""
    expected: Amount
    """What the rule gives from the entity's parts."""
    found: Amount
    """What the entity states."""
    difference: Amount
    """``found`` minus ``expected``."""
    where: Thing = ""
    """The part that breaks the rule, when it is not the entity as a whole: ``lines.10413``."""
