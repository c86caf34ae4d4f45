"""Groups of commands that list what they are about when no command is named."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class Lists(TyperGroup):
    """Runs ``list`` when no command is named: ``crossdock runs --kind pull`` is ``crossdock runs list --kind pull``."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "epilog": "Without a command it lists, and takes the options of list."})

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put ``list`` in front of options that stand where a command is expected; ``--help`` is the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in self.get_help_option_names(ctx)):
            args = ["list", *args]
        return super().parse_args(ctx, args)
