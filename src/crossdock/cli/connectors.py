"""``connectors`` (the table of quality, ``connectors new``) and ``sandbox``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Code, console, give, guarded, note, table
from crossdock.cli.listing import Lists

connectors = typer.Typer(help="The connectors and their quality; begin a new one.", cls=Lists)


@connectors.command("list")
@guarded
def connectors_list(
    pages: Annotated[
        Path | None, typer.Option("--pages", help="Write each connector's reference page into this folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the connectors and how each stands to the rules of the contract suite."""
    from crossdock.connect import catalogue, sheet

    rows = []
    for one in catalogue.connectors():
        if pages is not None:
            note(f"wrote {sheet.write(one.manifest, pages)}")
        quality = {name: str(state) for name, state in sorted(one.manifest.quality.items())}
        rows.append(
            {
                "name": one.manifest.name,
                "title": one.manifest.identity.title,
                "version": one.manifest.identity.version,
                "reads": [stream.name for stream in one.manifest.streams] if one.source else [],
                "writes": [action.name for action in one.manifest.actions] if one.destination else [],
                "quality": quality,
            }
        )
    broken = catalogue.broken()
    for name, why in broken.items():
        note(f"{name} cannot be loaded: {why}")
    give({"connectors": rows, "broken": broken} if broken else rows, as_json=as_json, people=lambda: _quality(rows))


def _quality(rows: list[dict[str, Any]]) -> Any:
    from rich.console import Group

    rules = sorted({rule for row in rows for rule in row["quality"]})
    shown = []
    for rule in rules:
        states = {row["name"]: row["quality"].get(rule, "absent").partition(":")[0] for row in rows}
        shown.append({"rule": rule, **states})
    return Group(
        table(rows, ("name", "title", "version", "reads", "writes")),
        table(shown, ("rule", *(row["name"] for row in rows))),
        "Why a rule is exempt: docs/reference/connectors, or crossdock connectors --json",
    )


@connectors.command("new")
@guarded
def connectors_new(
    name: Annotated[str, typer.Argument(help="2 to 31 lower-case letters, digits and _.")],
    directory: Annotated[Path, typer.Option("--directory", help="Where to make its folder.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a small complete connector to begin from: it has a sandbox and passes the contract suite."""
    from crossdock.connect import newcomer
    from crossdock.errors import BadInput, Conflict

    try:
        made = newcomer.create(name, directory)
    except newcomer.BadName as wrong:
        raise BadInput(str(wrong), field="name", remedy="choose another name") from None
    except FileExistsError:
        raise Conflict(
            f"there is a folder for {name} already", remedy="nothing is overwritten: choose another name"
        ) from None
    files = [str(path) for path in made]
    root = Path(files[0]).parent
    told = "\n".join([*files, f"Next: pip install -e {root}[suite] && pytest {root}"])
    give({"files": files}, as_json=as_json, people=lambda: told)


@guarded
def sandbox(
    name: Annotated[str, typer.Argument(help="The connector: woocommerce, hubspot, webhook …")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    orders: Annotated[int, typer.Option("--orders", min=0, help="Orders of a made-up shop.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="One seed, one shop.")] = 1,
    data: Annotated[Path | None, typer.Option("--data", help="A shop from files (orders.jsonl …) instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve a stand-in for a vendor here until Ctrl-C: a staging area that refuses what the vendor refuses."""
    from crossdock.cli import sandboxes
    from crossdock.cli.opening import run, settings
    from crossdock.connect.sandbox import serving

    settings()
    with console().status("making the sandbox"):
        made = sandboxes.build(name, orders=orders, seed=seed, data=data)

    async def work() -> None:
        async with serving(made.app, port=port) as served:
            options = made.connect(served.url)
            line = " ".join(["crossdock connect", name, *(f"--{k} {v}" for k, v in options.items())])
            told = f"{name} stands at {served.url} (truth: {served.url}/_sandbox/state) · Ctrl-C ends it\n{line}"
            told += "\n(the hub needs CROSSDOCK_PRODUCTION=false CROSSDOCK_EGRESS_ALLOW=127.0.0.1/32 to reach it)"
            give({"ready": True, "url": served.url, "connect": options}, as_json=as_json, people=lambda: told)
            await asyncio.Event().wait()

    try:
        run(work())
    except OSError as taken:
        from crossdock.errors import Trouble

        raise Trouble(f"cannot listen on port {port}: {taken.strerror}", remedy="choose another --port") from None
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(Code.OK) from None
