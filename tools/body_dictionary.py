"""Make the press's dictionary from recordings of a store: ``python tools/body_dictionary.py FOLDER NUMBER FILE``.

The dictionary holds what documents have in common: their keys, and the values that are words of the vendor. All else is
replaced by chance, letter for letter and digit for digit, before anything is learned, so that no store's data is in it.
Says how far documents that were not learned from shrink with it.
"""

from __future__ import annotations

import json
import random
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

SIZE = 16_384
LEAST_KEYS = 15
"""An object of so many keys, with an id, is a document."""
WORDS = frozenset(
    (
        *("status", "currency", "currency_symbol", "payment_method", "payment_method_title", "created_via", "version"),
        *("tax_class", "tax_status", "type", "catalog_visibility", "backorders", "method_id", "method_title", "code"),
        *("discount_type", "role", "stock_status", "country", "state", "button_text", "shipping_class", "rate_code"),
        *("label", "display_key", "key"),
    )
)
"""Keys whose values are the vendor's words."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+")
_ADDRESS = re.compile(r"https?://[^/]+(/wp-json/wc/v3/[a-z_/]+)(.*)", re.DOTALL)


def documents(found: Any) -> Iterator[dict[str, Any]]:
    """Return all documents in a recording, those inside recorded bodies too."""
    if isinstance(found, str) and found[:1] in ("{", "["):
        try:
            found = json.loads(found)
        except ValueError:
            return
    if isinstance(found, dict) and "id" in found and len(found) > LEAST_KEYS:
        yield found
    elif isinstance(found, dict | list):
        for one in found.values() if isinstance(found, dict) else found:
            yield from documents(one)


def recorded(folder: Path) -> Iterator[dict[str, Any]]:
    """Return the documents of all recordings in a folder."""
    for path in sorted(folder.rglob("*.json")):
        yield from documents(json.loads(path.read_bytes()))


class Mixer:
    """Replaces what is a store's own."""

    def __init__(self) -> None:
        self._dice = random.Random(1)

    def mixed(self, value: Any, key: str = "") -> Any:
        """Return a document without anything of the store's."""
        if isinstance(value, dict):
            return {name: self.mixed(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.mixed(one, key) for one in value]
        if isinstance(value, int) and not isinstance(value, bool) and value:
            return int("1" + self._letters(str(abs(value)))[1:])
        return self._text(value) if isinstance(value, str) and key not in WORDS else value

    def _text(self, value: str) -> str:
        if _MOMENT.fullmatch(value):
            dice = self._dice
            day = f"20{dice.randrange(24, 34)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
            return f"{day}T{dice.randrange(24):02}:{dice.randrange(60):02}:{dice.randrange(60):02}"
        if found := _ADDRESS.match(value):
            return f"https://shop.example{found[1]}{self._letters(found[2])}"
        return value if value.strip("0.") == "" else self._letters(value)

    def _letters(self, value: str) -> str:
        return "".join(self._letter(one) for one in value)

    def _letter(self, one: str) -> str:
        for kind in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
            if one in kind:
                return self._dice.choice(kind)
        return one if one.isascii() else self._dice.choice("äéñøšž")


def compact(document: Any) -> bytes:
    """Write a document as vendors send it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def main() -> None:
    """Learn, say how well, write."""
    folder, number, target = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    found = list(recorded(folder))
    mixer = Mixer()
    mixed = [compact(mixer.mixed(document)) for document in found]
    found_bytes = [compact(document) for document in found]
    random.Random(2).shuffle(order := list(range(len(found))))
    half = len(order) // 2
    trial = zstandard.train_dictionary(SIZE, [mixed[i] for i in order[:half]], dict_id=number)
    plain, pressed = zstandard.ZstdCompressor(level=1), zstandard.ZstdCompressor(level=1, dict_data=trial)
    sizes = [sum(len(one.compress(found_bytes[i])) for i in order[half:]) for one in (plain, pressed)]
    print(f"{len(found)} documents; those not learned from: {sizes[0]} bytes, with the dictionary {sizes[1]}")
    target.write_bytes(zstandard.train_dictionary(SIZE, mixed, dict_id=number).as_bytes())


if __name__ == "__main__":
    main()
