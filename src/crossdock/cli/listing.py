"""Groups of commands that list what they are about when no command is named."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class Lists(TyperGroup):
    """Runs ``list`` when no command is named: ``crossdock runs --kind pull`` is ``crossdock runs list --kind pull``."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "epilog": "Without a command it lists; the options are those of list."})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``list`` in front of options that stand where a command is expected; ``--help`` is the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in self.get_help_option_names(ctx)):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Show the options of ``list``, which are taken without a command, then the commands."""
        self.commands["list"].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)
