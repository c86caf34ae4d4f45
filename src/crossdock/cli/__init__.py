"""The door at the terminal. Commands import what they need when they run, so that ``--help`` is quick."""

from __future__ import annotations


def main() -> None:
    """Run the program named ``crossdock``; ends the process with one of the documented exit codes."""
    from crossdock.cli.app import app

    app(prog_name="crossdock")
