"""The transforms with their arguments, as people look them up. Checked against the table by a test. Pure."""

from __future__ import annotations

from typing import Any

import msgspec


class Described(msgspec.Struct, frozen=True):
    """One transform."""

    name: str
    does: str
    argument: str = "none"
    example: Any = None
    """As a rule names it."""


TRANSFORMS: tuple[Described, ...] = (
    Described("trim", "takes away blanks at both ends", example="trim"),
    Described("squeeze", "makes runs of blanks one blank, none at the ends", example="squeeze"),
    Described("lower", "lower case", example="lower"),
    Described("upper", "upper case", example="upper"),
    Described("title", "Upper Case For Every Word", example="title"),
    Described("strip_html", "text without tags; breaks become lines", example="strip_html"),
    Described("phone", "E.164 where the number tells its country, else as written", example="phone"),
    Described("concat", "joins a list", "the text between; a blank by default", {"concat": ", "}),
    Described("split", "parts a text", "the text to split at, or {by, take}", {"split": {"by": ",", "take": 0}}),
    Described("first", "the first of a list", example="first"),
    Described("last", "the last of a list", example="last"),
    Described("default", "instead of nothing", "the text", {"default": "unknown"}),
    Described(
        "lookup",
        "a value by a table; what is not in it is nothing, or else",
        "the table, or {table, else}",
        {"lookup": {"table": {"completed": "won"}, "else": "open"}},
    ),
    Described(
        "date",
        "a time as ISO-8601 UTC, as a day, or in milliseconds",
        "iso, date, ms, or {format, zone}",
        {"date": {"format": "date", "zone": "Europe/Berlin"}},
    ),
    Described("number", "a quantity, clamped and rounded", "{min, max, places}", {"number": {"places": 2}}),
    Described("money", "an amount, its decimals kept, rounded half up", "{min, max, places}", {"money": {"min": "0"}}),
    Described("boolean", "true or false", "{true, false}: other words for them", {"boolean": {"true": "Yes"}}),
    Described("truncate", "cuts a text", "the greatest number of characters", {"truncate": 255}),
    Described("country", "an ISO 3166-1 code or a country's name", "code (by default) or name", {"country": "name"}),
    Described("hash", "SHA-256 in hexadecimal digits", "sha256, or none", "hash"),
)
