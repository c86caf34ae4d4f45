"""Groups of commands: without a command they list, and take the options of ``list``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from crossdock.cli.app import app
from crossdock.cli.listing import Lists
from tests.journey.cli.conftest import Terminal, answer


def _groups(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    command = command or get_command(app)
    if isinstance(command, Lists):
        yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from _groups(child, (*path, name))


GROUPS = sorted(_groups())


def test_the_groups_that_list_are_found() -> None:
    assert {("runs",), ("routes",), ("alerts",), ("alerts", "channels"), ("dead-letters",)} <= set(GROUPS)


@pytest.mark.parametrize("path", GROUPS, ids=" ".join)
def test_help_is_the_groups_own_and_a_wrong_command_is_refused(terminal: Terminal, path: tuple[str, ...]) -> None:
    shown = terminal(*path, "--help")
    assert shown.exit_code == 0
    assert "Without a command it lists" in shown.stdout
    assert "\n  list " in shown.stdout
    options = terminal(*path, "list", "--help").stdout.partition("Options:")[2].strip()
    assert options in shown.stdout, "what may be given without a command"
    refused = terminal(*path, "banana")
    assert (refused.exit_code, "No such command 'banana'" in refused.output) == (2, True)


def test_a_group_takes_the_options_of_its_list(terminal: Terminal) -> None:
    for path in GROUPS:
        assert answer(terminal(*path, "--json")) == answer(terminal(*path, "list", "--json"))
    for words in (("--state", "none"), ("--limit", "0"), ("--nothing",)):
        bare, full = terminal("deliveries", *words), terminal("deliveries", "list", *words)
        assert (bare.exit_code, bare.output) == (2, full.output)
    assert "there is no state 'none'" in terminal("deliveries", "--state", "none").output
    # an option's value is no command, whatever it is called
    assert answer(terminal("runs", "--kind", "show", "--json")) == []
