"""The places of the journey, taken from its source: every named statement, every call, every point that is reached."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import msgspec

import crossdock
from crossdock.store.queries import load, name_of

ROOT = Path(crossdock.__file__).parent
ROOMS = ("flow", "worker")
"""Where the journey is: its stages and the loops that run them."""
JOURNEY = (
    "answer ",
    "call ",
    "command/",
    "deliver.",
    "deliver/intents.",
    "deliver/queue.",
    "pull",
    "receive.",
    "record/",
    "route/",
    "run/run.",
    "stock/count.",
    "stock/flights.",
    "stock/levels.",
    "stock/push.",
    "verify",
    "watch/watch.",
    "worker/",
)
"""What every event passes; the other places are passed when somebody asks for something."""
VENDORS = ("woocommerce", "hubspot", "webhook")
STEPS = frozenset({"fetch", "fetchrow", "fetchval", "execute"})
OTHER_STEPS = frozenset({"executemany", "cursor", "prepare", "copy_records_to_table", "copy_to_table"})


class Step(msgspec.Struct, frozen=True):
    """One awaited step in the database; ``name`` is None when its statement comes from no file of statements."""

    file: str
    line: int
    name: str | None


def statements() -> set[str]:
    """Return the names of all statements in the journey's rooms, as the store gives them."""
    loaded = [load(path) for room in ROOMS for path in sorted((ROOT / room).rglob("*.sql"))]
    return {name for texts in loaded for text in texts.values() if (name := name_of(text)) is not None}


def reached() -> set[str]:
    """Return the names of all points that the code reaches by a line of its own."""
    found = set()
    for tree in map(ast.parse, (path.read_text() for path in ROOT.rglob("*.py"))):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "reach"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(node.args[0].value)
    return found


def calls() -> set[str]:
    """Return the places before and after each call to a vendor."""
    return {f"{place} {vendor}" for vendor in VENDORS for place in ("call", "answer")}


def steps(source: str, file: str) -> list[Step]:
    """Return every step in the database that a module's source takes."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        first = node.args[0] if node.args else None
        if node.func.attr in OTHER_STEPS:
            found.append(Step(file, node.lineno, None))
        elif node.func.attr in STEPS and not _asks_a_source(node):
            found.append(Step(file, node.lineno, _named(first)))
    return found


def _asks_a_source(node: ast.Call) -> bool:
    """``source.fetch(stream, …)`` is the vendor's verb, not the database's."""
    assert isinstance(node.func, ast.Attribute)
    return isinstance(node.func.value, ast.Name | ast.Attribute) and ast.unparse(node.func.value).endswith("source")


def _named(first: ast.expr | None) -> str | None:
    """Return the name, or ``*`` where a variable chooses among the named statements of a file."""
    if not isinstance(first, ast.Subscript) or (
        not ast.unparse(first.value).isupper() and ".SQL" not in ast.unparse(first)
    ):
        return None
    return str(first.slice.value) if isinstance(first.slice, ast.Constant) else "*"


@cache
def places() -> tuple[str, ...]:
    """Return every place by its base name, in order."""
    return tuple(sorted(statements() | reached() | calls()))
