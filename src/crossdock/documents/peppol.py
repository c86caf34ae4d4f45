"""The rules of Peppol BIS Billing 3.0 that every country shares and an invoice of ours can break; pure.

Stated here by their published ids (release 3.0.19) because the publisher's own file may not be carried. The rest are
kept by how ``ubl`` writes (one note, one tax total …) or hold in one country only; those are checked when the setting
``peppol_rules`` names the publisher's file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from crossdock.documents.terms import Group, Terms
from crossdock.documents.words import Problem, Weight

_SLACK = Decimal("0.02")
_VATEX = {
    "VATEX-EU-G": ("G", "P0104"),
    "VATEX-EU-O": ("O", "P0105"),
    "VATEX-EU-IC": ("K", "P0106"),
    "VATEX-EU-AE": ("AE", "P0107"),
    "VATEX-EU-D": ("E", "P0108"),
    "VATEX-EU-F": ("E", "P0109"),
    "VATEX-EU-I": ("E", "P0110"),
    "VATEX-EU-J": ("E", "P0111"),
}


def peppol_problems(terms: Terms) -> tuple[Problem, ...]:
    """Return the rules that a document of these terms breaks."""
    return (*_head(terms.head), *_lines(terms.lines), *_exemptions(terms.taxes), *_numbers(terms.head))


def _broken(rule: str, words: str, place: str = "") -> Problem:
    return Problem(rule=f"PEPPOL-{rule}", words=words, place=place)


def _head(head: Group) -> Iterator[Problem]:
    if not ({"BT-10", "BT-13", "BT-14"} & head.keys()):
        yield _broken("EN16931-R003", "A buyer reference or a purchase order reference is wanted.", "buyer_reference")
    if "BT-49" not in head:
        yield _broken("EN16931-R010", "The buyer's electronic address is wanted.", "buyer.electronic_address")
    if "BT-34" not in head:
        yield _broken("EN16931-R020", "The seller's electronic address is wanted.", "seller.electronic_address")
    if head.get("BT-6") and head.get("BT-6") == head.get("BT-5"):
        yield _broken("EN16931-R005", "The currency of tax must be another than the invoice's.", "tax_currency")
    if ("BT-6" in head) is not ("BT-111" in head):
        words = "Tax in the currency of tax goes with that currency, and only with it."
        yield _broken("EN16931-R054", words, "tax_in_tax_currency")
    if Decimal(head["BT-115"]) > 0 and not ({"BT-9", "BT-20"} & head.keys()):
        # left out by the rules of EN 16931 since release 1.3.16; Peppol 3.0.19 still brings the former ones
        yield Problem(rule="BR-CO-25", words="What is due needs a due date or terms of payment.", place="terms")
    if "BT-111" in head and Decimal(head["BT-111"]) * Decimal(head["BT-110"]) < 0:
        yield _broken("EN16931-R055", "Both totals of tax must go the same way.", "tax_in_tax_currency")


def _lines(lines: tuple[Group, ...]) -> Iterator[Problem]:
    for at, line in enumerate(lines):
        net = Decimal(line["BT-129"]) * Decimal(line["BT-146"]) - Decimal(line.get("BT-136", "0"))
        if abs(net - Decimal(line["BT-131"])) > _SLACK:
            yield _broken("EN16931-R120", "A line is quantity times price, less its discount.", f"lines[{at}].net")


def _exemptions(taxes: tuple[Group, ...]) -> Iterator[Problem]:
    for at, tax in enumerate(taxes):
        category, rule = _VATEX.get(tax.get("BT-121", "").upper(), ("", ""))
        if category and category != tax["BT-118"]:
            words = f"This reason belongs to category {category}."
            yield _broken(f"EN16931-{rule}", words, f"taxes[{at}].exemption_code")


def _numbers(head: Group) -> Iterator[Problem]:
    for term, place in (
        ("BT-34", "seller.electronic_address"),
        ("BT-49", "buyer.electronic_address"),
        ("BT-30", "seller.registration_id"),
        ("BT-47", "buyer.registration_id"),
    ):
        rule, right = _SCHEMES.get(head.get(f"{term}-1", ""), ("", _anything))
        if not right(head.get(term, "")):
            yield _broken(f"COMMON-{rule}", "The number does not have the form that its scheme demands.", place)


def _anything(_: str) -> bool:
    return True


def _weighted(number: str, weights: list[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def _gln(number: str) -> bool:
    """GS1: weights 3 and 1 from the right, the last digit brings the sum to tens."""
    if not re.fullmatch(r"[0-9]+", number):
        return False
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(number[:-1])))
    return (10 - total % 10) % 10 == int(number[-1])


def _norwegian(number: str) -> bool:
    if not re.fullmatch(r"[0-9]{9}", number) or int(number) == 0:
        return False
    return (11 - _weighted(number, [3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == int(number[-1])


def _danish(number: str) -> bool:
    return re.fullmatch(r"(DK)?[0-9]{8}", number) is not None


def _belgian(number: str) -> bool:
    return re.fullmatch(r"[0-9]{10}", number) is not None and 97 - int(number[:8]) % 97 == int(number[8:])


def _swedish(number: str) -> bool:
    if not re.fullmatch(r"[0-9]{10}", number):
        return False
    doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(number[:9])]
    return (10 - sum(value // 10 + value % 10 for value in doubled) % 10) % 10 == int(number[9])


def _australian(number: str) -> bool:
    if not re.fullmatch(r"[0-9]{11}", number):
        return False
    first = str(int(number[0]) - 1)
    return int(first) >= 0 and _weighted(first + number[1:], [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 == 0


_SCHEMES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "0088": ("R040", _gln),
    "0192": ("R041", _norwegian),
    "0184": ("R042", _danish),
    "0208": ("R043", _belgian),
    "0007": ("R049", _swedish),
    "0151": ("R050", _australian),
}

PARTLY = Problem(
    rule="peppol.partly",
    words="The rules of single countries were not checked: the setting peppol_rules names no file.",
    weight=Weight.WARNING,
)
"""Said with every Peppol document that the publisher's own file has not seen."""
