"""What helps against a cause of dead letters, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

_GIVEN_UP: Final = "given up"
_FIELD: Final = frozenset({"mapping", "planning"})


class Help(msgspec.Struct, frozen=True):
    """What a person can do. ``mapping``: it is mended in the mapping of the letters' route."""

    said: str
    mapping: bool = False


def help_for(cause: Mapping[str, Any]) -> Help:
    """Say what helps against a cause, by its code, field and rule."""
    code, field, rule = str(cause["code"]), str(cause["field"]), str(cause["rule"])
    if code == "mapping":
        where = f"The rule for {field} cannot use what stands in these records. " if field else ""
        return Help(
            f"{where}Change the rule in the mapping, try it, then replay the letters with the newest version.", True
        )
    if code == "body-expired":
        return Help(
            "The event's body is older than the time bodies are kept. Pull the store again, or discard the letters."
        )
    if code == "planning-bug":
        return Help("This is a fault of the hub. The log has more; replay the letters after an update.")
    if code == "related":
        return Help("A record that these need cannot be read. Mend it at the store and pull, then replay the letters.")
    if rule == _GIVEN_UP:
        return Help(
            "The destination failed for days. As soon as it is well again, replay the letters: nothing is lost."
        )
    if code in ("401", "403"):
        return Help(
            "The access does not suffice for this. Give the connection more rights there, then replay the letters."
        )
    if code in ("404", "410"):
        return Help("What it should be written to is no longer there. Make it again, or discard the letters.")
    if code == "413":
        return Help(
            "It is larger than the destination takes. Leave fields out in the mapping, or discard the letters.", True
        )
    if field:
        return Help(
            f"The destination refuses the value of {field}. Mend it at the store, or change the rule in the mapping.",
            True,
        )
    return Help(
        "The destination refuses it as it is. Mend what the reason names, at the store or in the mapping, then replay.",
        True,
    )
