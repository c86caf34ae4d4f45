"""Importing files from the terminal: at once, or as a run of the workers."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import give
from crossdock.cli.asking import ask

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

File = Annotated[Path, typer.Argument(help="CSV; - reads standard input.", metavar="FILE", allow_dash=True)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
AsRun = Annotated[bool, typer.Option("--queue", help="Keep the file and let the workers import it, as a run.")]


def import_file(
    what: str, file: Path, store: str | None, tenant: str, *, dry_run: bool, queue: bool, as_json: bool
) -> None:
    """Import a file; wrong lines are listed and left out (exit code 1)."""
    from crossdock.cli.answers import Code
    from crossdock.errors import BadInput
    from crossdock.flow.stock.imports import What
    from crossdock.kit.ids import Prefix, show

    if str(file) != "-" and not file.is_file():
        raise BadInput(f"there is no file {file}", field="file", remedy="name a CSV file")

    async def work(hub: Hub, tenant_id: uuid.UUID) -> Any:
        desk = hub.connections
        at = (await (desk.find(tenant_id, store) if store else desk.hub_source(tenant_id))).id
        takes = hub.imports.spool if queue else hub.imports.at_once
        return await takes(tenant_id, at, What(what), _chunks(file), dry_run=dry_run)

    done = ask(tenant, work)
    if queue:
        name = show(Prefix.RUN, done)
        give({"run": name}, as_json=as_json, people=lambda: f"queued as {name}: crossdock runs show {name}")
        return
    told = {"rows": done.rows, **done.counts, "failed": done.failed}
    errors = [{"line": e.line, "field": e.field, "problem": e.problem, "remedy": e.remedy} for e in done.errors]
    first = " · ".join(f"{name} {count}" for name, count in told.items())
    lines = [f"line {one['line']}: {one['field']}: {one['problem']} ({one['remedy']})" for one in errors]
    give({**told, "dry_run": dry_run, "errors": errors}, as_json=as_json, people=lambda: "\n".join([first, *lines]))
    raise typer.Exit(Code.NO if done.failed else Code.OK)


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
        while chunk := source.read(65_536):
            yield chunk
