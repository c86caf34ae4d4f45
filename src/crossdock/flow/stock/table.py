"""CSV, a row at a time: whatever the size of the file, one line of it is in memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Final

import msgspec

from crossdock.errors import BadInput

LONGEST: Final = 20_000
"""Characters of a line."""
TRUTH: Final = {**dict.fromkeys(("1", "true", "yes"), True), **dict.fromkeys(("0", "false", "no"), False)}


class Heading(msgspec.Struct, frozen=True):
    """What the first line of a file may name, and what it has to."""

    columns: tuple[str, ...]
    needed: tuple[frozenset[str], ...]
    """Of each set at least one."""

    def read(self, cells: Sequence[str]) -> list[str]:
        """Return the names of a file's columns. Raises ``BadInput``."""
        names = [cell.lower() for cell in cells]
        unknown = [name for name in names if name not in self.columns]
        missing = [" or ".join(sorted(one)) for one in self.needed if not one & set(names)]
        if unknown or missing:
            told = f"unknown columns: {', '.join(unknown)}"[:200] if unknown else f"it needs {', and '.join(missing)}"
            remedy = f"the columns are {', '.join(self.columns)}"
            raise BadInput(f"the heading does not fit: {told}", field="body", remedy=remedy)
        return names


class Applied(msgspec.Struct, frozen=True):
    """What became of a chunk of rows."""

    counts: dict[str, int]
    refused: dict[int, BadInput] = {}
    """By their place in the chunk."""


async def rows_of(body: AsyncIterable[bytes], heading: Heading) -> AsyncIterator[tuple[int, dict[str, str] | BadInput]]:
    """Yield (line number, row or what is wrong with it) of a CSV; its heading is line 1.

    Raises ``BadInput`` for its heading, and for what is no text.
    """
    names: list[str] | None = None
    number = 0
    async for line in _lines(body):
        number += 1
        try:
            cells = [cell.strip() for cell in _cells(line, number)]
        except BadInput as wrong:
            if names is None:
                raise
            yield number, wrong
            continue
        if names is None:
            names = heading.read(cells)
        elif any(cells):
            yield number, dict(zip(names, cells, strict=False))
    if names is None:
        raise BadInput(
            "the file is empty", field="body", remedy=f"its first line names columns: {','.join(heading.columns)}"
        )


def _cells(line: str, number: int) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as wrong:
        told = f"line {number} is no CSV: {wrong}"
        raise BadInput(told, field="body", remedy="quote cells, one row a line") from None


async def _lines(body: AsyncIterable[bytes]) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    try:
        async for chunk in body:
            *whole, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in whole:
                yield line.rstrip("\r")
            if len(rest) > LONGEST:
                raise BadInput(f"a line has at most {LONGEST} characters", field="body", remedy="is it CSV?")
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8", field="body", remedy="save it as UTF-8") from None
    if rest:
        yield rest.rstrip("\r")


def truth(name: str, text: str) -> bool:
    """Read yes or no. Raises ``BadInput``."""
    if text.lower() not in TRUTH:
        raise BadInput("expected yes or no", field=name, remedy="yes, no, true, false, 1 or 0")
    return TRUTH[text.lower()]
