"""What every command has in common: its options, its exit codes, and how it answers people and programs.

With ``--json`` standard output carries JSON and nothing else; messages, progress and problems go to standard error.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console


class Code(IntEnum):
    """How a command ended."""

    OK = 0
    NO = 1
    """The answer is no: a proof that is not green, a check that failed."""
    USE = 2
    """Wrong use: an unknown command, option, name or value."""
    TROUBLE = 3
    """Set-up, database or disk; ``crossdock doctor`` explains."""
    VENDOR = 4
    """A shop or vendor does not answer as it should."""
    INTERRUPTED = 130


EXIT_CODES = (
    "Exit codes: 0 done · 1 the answer is no (proof not green, check failed) · 2 wrong use · "
    "3 trouble of set-up or database (see: crossdock doctor) · 4 trouble of a shop or vendor · 130 interrupted"
)

ACTOR = "cli"
"""Who did it, in audit rows and runs."""

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON on standard output; messages go to stderr.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose data.", metavar="NAME")]
Found = TypeVar("Found", bound=Callable[..., None])


def guarded(command: Found) -> Found:
    """Show a problem and its remedy in two lines instead of a traceback, and end with the fitting exit code."""

    @functools.wraps(command)
    def run(*args: Any, **given: Any) -> None:
        try:
            command(*args, **given)
        except typer.Exit:
            raise
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise typer.Exit(Code.INTERRUPTED) from None
        except BrokenPipeError:
            # the reader has seen enough (| head): nothing more is written, not even at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Code.OK) from None
        except Exception as problem:  # noqa: BLE001 - the last line of defence before a person
            code = show_problem(problem, as_json=bool(given.get("as_json")))
            raise typer.Exit(code) from None

    return run  # type: ignore[return-value]


def show_problem(problem: Exception, *, as_json: bool) -> Code:
    """Write a problem to standard error and return its exit code. Secrets and addresses are masked."""
    from crossdock.kit import redact

    code, told, remedy = explain(problem)
    told, remedy = redact.text(told), redact.text(remedy)
    if os.environ.get("CROSSDOCK_LOG_LEVEL") == "debug":
        sys.stderr.write(redact.text("".join(traceback.format_exception(problem))))
    if as_json:
        import orjson

        shown = {"error": told, "remedy": remedy, "exit_code": int(code), "code": getattr(problem, "code", "trouble")}
        sys.stderr.write(orjson.dumps(shown).decode() + "\n")
    else:
        sys.stderr.write(f"crossdock: {told}\n" + (f"  what to do: {remedy}\n" if remedy else ""))
    return code


def explain(problem: Exception) -> tuple[Code, str, str]:
    """Return the exit code, what is wrong and what to do."""
    from pydantic import ValidationError

    from crossdock.connect.catalogue import UnknownConnector
    from crossdock.connect.client import CallFailed
    from crossdock.errors import CrossdockError, Trouble, VendorTrouble
    from crossdock.store.errors import StoreError

    if isinstance(problem, VendorTrouble):
        return Code.VENDOR, problem.problem, problem.remedy
    if isinstance(problem, CallFailed):
        return Code.VENDOR, str(problem), problem.remedy
    if isinstance(problem, Trouble | StoreError):
        return Code.TROUBLE, problem.problem, problem.remedy
    if isinstance(problem, CrossdockError):
        return Code.USE, problem.problem, problem.remedy
    if isinstance(problem, UnknownConnector):
        return Code.USE, str(problem), "list them with: crossdock connectors"
    if isinstance(problem, ValidationError):
        wrong = "; ".join(_named(e["loc"]) + e["msg"] for e in problem.errors())
        return Code.TROUBLE, f"a setting is not valid: {wrong}", "correct it in the environment or in config.toml"
    return Code.TROUBLE, f"{type(problem).__name__}: {problem}", "run: crossdock doctor"


def _named(place: tuple[int | str, ...]) -> str:
    """Return a setting's variable; nothing for a rule about several."""
    return f"CROSSDOCK_{'_'.join(map(str, place)).upper()}: " if place else ""


def console() -> Console:
    """Return the console for people: standard error, so that standard output stays clean."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def note(text: str) -> None:
    """Tell people something that is no part of the answer."""
    _say(console(), text)


def _say(screen: Console, text: str) -> None:
    from rich.text import Text

    for line in text.split("\n"):
        # an address or a code that is longer than the terminal is wide stays one piece: it is clicked or copied
        screen.print(Text(line), soft_wrap=any(len(word) > screen.width for word in line.split()))


def give(value: Any, *, as_json: bool, people: Callable[[], Any] | None = None) -> None:
    """Answer: ``value`` as JSON, or what ``people`` makes of it (a text or a Rich renderable)."""
    if as_json or people is None:
        import orjson

        sys.stdout.write(orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z).decode() + "\n")
        sys.stdout.flush()
        return
    from rich.console import Console

    # a file or pipe has no width of its own: rows are not broken there
    screen, told = Console(highlight=False, width=None if sys.stdout.isatty() else 160), people()
    if isinstance(told, str):
        _say(screen, told)
    else:
        screen.print(told, markup=False)


_LONG = {"duplicates": "dupli-\ncates", "unexpected": "unex-\npected"}
"""Headings that would make a proof wider than 80 columns."""


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str = "There is nothing yet.") -> Any:
    """Return rows as a table; ``empty`` says what to do next where there are none."""
    if not rows:
        return empty
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        numbers = all(isinstance(row.get(name), int | float) for row in rows)
        shown = _LONG.get(name, name.replace("_", " "))
        # an id is copied: the others give way
        made.add_column(shown, justify="right" if numbers else "left", overflow="fold", no_wrap=name == "id")
    for row in rows:
        made.add_row(*(Text(cell(row.get(name))) for name in columns))
    return made


def cell(value: Any) -> str:
    """Return a value as a person reads it."""
    from datetime import UTC, datetime

    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value))
    return str(value)


def _plain(value: Any) -> Any:
    import msgspec

    if isinstance(value, bytes):
        return value.hex()
    return msgspec.to_builtins(value, builtin_types=(bytes,))
