"""The child process that makes and checks documents: ``python -m crossdock.documents.mill``.

It has a process of its own because the processor of the rules is native code of 180 MB that may crash or run long on
hostile input. It reads orders from its standard input and writes what became of them to its standard output, both
framed by a length of four bytes; it ends when its input does, that is with its parent.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from crossdock.documents.words import Format, Problem
from crossdock.model.commerce.invoice import Invoice

LONGEST = 32 * 1024 * 1024
"""Bytes of one frame."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: make a document of an invoice, or (without one) check ``document``."""

    format: Format | None = None
    invoice: bytes = b""
    """msgpack of ``Invoice``."""
    document: bytes = b""
    peppol_rules: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order."""

    content: bytes = b""
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    """The kind of exception, when the order could not be carried out; never its words."""


def carry_out(order: Order) -> Result:
    """Carry out one order; libraries are loaded by what asks for them first."""
    rules = Path(order.peppol_rules) if order.peppol_rules else None
    if order.format is None:
        from crossdock.documents.checking import check_xml

        return Result(problems=check_xml(order.document, peppol_rules=rules))
    from crossdock.documents.making import make

    content, problems = make(msgspec.msgpack.decode(order.invoice, type=Invoice), order.format, peppol_rules=rules)
    return Result(content=content, problems=problems)


def serve(orders: BinaryIO, results: BinaryIO) -> None:
    """Carry out orders until there are no more."""
    while frame := read_frame(orders):
        try:
            result = carry_out(msgspec.msgpack.decode(frame, type=Order))
        except Exception as failed:  # noqa: BLE001  (one bad order must not end the others)
            result = Result(failure=type(failed).__name__)
        write_frame(results, msgspec.msgpack.encode(result))


def read_frame(source: BinaryIO) -> bytes:
    """Return the next frame; empty at the end."""
    size = source.read(4)
    if len(size) < 4:
        return b""
    frame = source.read(int.from_bytes(size))
    return frame if len(frame) == int.from_bytes(size) else b""


def write_frame(target: BinaryIO, frame: bytes) -> None:
    """Write one frame and hand it over."""
    target.write(len(frame).to_bytes(4) + frame)
    target.flush()


def main() -> None:
    """Serve standard input; whatever a library prints goes nowhere."""
    results = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    with contextlib.suppress(OSError):
        os.nice(5)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin.buffer, results)
    with contextlib.suppress(BrokenPipeError):
        results.close()


if __name__ == "__main__":
    main()
