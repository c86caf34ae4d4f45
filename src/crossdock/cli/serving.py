"""``serve`` and ``worker``: the processes that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crossdock.cli.answers import AsJson, give, guarded, note

if TYPE_CHECKING:
    from crossdock.wiring import Hub


@guarded
def serve(
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Also deliver and pull in this process.")
    ] = True,
    port: Annotated[int | None, typer.Option(help="Port to listen on, instead of CROSSDOCK_PORT.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on, instead of CROSSDOCK_HOST.")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve webhooks, the API and the dashboard; any number of these may run on one database.

    While there is nobody yet, every start prints a link by which the first person comes in; the older one is over.
    """
    from crossdock.cli.opening import run, settings
    from crossdock.cli.server import serve as serve_until_told

    changes = {name: value for name, value in (("port", port), ("host", host)) if value is not None}
    chosen = settings(**changes)

    async def ready(hub: Hub, url: str) -> None:
        dashboard = chosen.public_url or url
        entrance = await hub.people.first_run_link(dashboard)
        if as_json:
            told = {"ready": True, "url": url, "worker": with_worker, "dashboard": dashboard, "first_run": entrance}
            give(told, as_json=True)
            return
        mode = f"webhooks under {chosen.public_url}" if chosen.public_url else "pull-only (no CROSSDOCK_PUBLIC_URL)"
        note(f"Crossdock serves {url} · {mode} · {'with' if with_worker else 'without'} a worker · Ctrl-C ends it")
        note(f"Nobody has come in yet. Begin here, once: {entrance}" if entrance else f"Dashboard: {dashboard}")

    run(serve_until_told(chosen, worker=with_worker, ready=ready))


@guarded
def worker(as_json: AsJson = False) -> None:
    """Deliver and pull, without serving; any number of these may run on one database."""
    from crossdock.cli.opening import run, settings
    from crossdock.cli.working import work

    def ready(_hub: Hub) -> None:
        if as_json:
            give({"ready": True}, as_json=True)
        else:
            note("Crossdock works · Ctrl-C ends it")

    run(work(settings(), ready=ready))
