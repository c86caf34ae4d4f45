"""``keys`` (the master key), ``tenants``, ``doctor``, ``backup`` and ``restore``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, console, give, guarded, note, table
from crossdock.cli.asking import ask
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

keys = typer.Typer(help="List, add, replace or revoke API keys; make a master key, and seal with it.", cls=Lists)
tenants = typer.Typer(help="List, add or end tenants.", cls=Lists)


@keys.command("master")
@guarded
def keys_master(as_json: AsJson = False) -> None:
    """Print a fresh master key for CROSSDOCK_MASTER_KEY; nothing is changed."""
    from crossdock.govern.vault import new_master_key

    made = new_master_key()
    give({"master_key": made}, as_json=as_json, people=lambda: made)


@keys.command("rotate")
@guarded
def keys_rotate(
    new: Annotated[
        bool, typer.Option("--new", help="Make a new key and put it first in the key file, which all processes read.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let the master key that stands first seal everything, of every tenant, while the hub goes on.

    All processes read their keys anew; secrets are sealed anew, the heads of the audit signed. It may be interrupted
    and run again. Bodies of events stay under the key that sealed them until their retention ends: keep it in the list.
    """
    if new:
        _put_first()

    async def work(hub: Hub, _: uuid.UUID) -> dict[str, Any]:
        from crossdock.govern.rotation import Rotation

        def told(done: dict[str, int]) -> None:
            if not as_json:
                note(f"{sum(done.values())} secrets sealed anew")

        return await Rotation(hub.database, hub.vault).rotate(ACTOR, told)

    done = ask("default", work)
    rows = [{"secrets": name, "resealed": count} for name, count in done["resealed"].items()]
    give(done, as_json=as_json, people=lambda: table(rows, ("secrets", "resealed")))
    if not as_json:
        note(f"Key {done['key_id']} seals now, and signs {done['heads']} heads of the audit.")
        if done["older"]:
            note(f"Keep {', '.join(done['older'])} behind it: bodies of events and hashes of people still need it.")


def _put_first() -> None:
    from crossdock.cli.opening import settings
    from crossdock.errors import BadInput
    from crossdock.govern.keyring import KeyFile
    from crossdock.govern.vault import new_master_key
    from crossdock.wiring import vault_of

    chosen = settings()
    if chosen.master_key is not None or chosen.master_key_command is not None:
        raise BadInput(
            "the master key does not come from a file here",
            field="--new",
            remedy="put a new key (crossdock keys master) first where it comes from, then run: crossdock keys rotate",
        )
    vault_of(chosen, create=False)
    KeyFile(chosen.master_key_file).put_first(new_master_key())


keys.command("reseal", hidden=True)(keys_rotate)


@tenants.command("list")
@guarded
def tenants_list(as_json: AsJson = False) -> None:
    """List tenants."""
    rows = ask("default", lambda hub, _: hub.tenants.list())
    give(rows, as_json=as_json, people=lambda: table(rows, ("slug", "name", "test_of", "id", "created_at")))


@tenants.command("add")
@guarded
def tenants_add(
    slug: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    name: Annotated[str, typer.Option("--name", help="What people call it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a tenant."""
    from crossdock.kit.ids import Prefix, show

    async def work(hub: Hub, _: uuid.UUID) -> str:
        return show(Prefix.TENANT, await hub.tenants.add(slug, name))

    made = ask("default", work)
    give({"id": made, "slug": slug}, as_json=as_json, people=lambda: f"Made {slug}. Use it with: --tenant {slug}")


@guarded
def doctor(as_json: AsJson = False) -> None:
    """Say in plain words what is wrong with this installation and what to do; exit code 1 when anything is."""
    from crossdock.cli.opening import run, settings
    from crossdock.wiring.examining import examined

    findings = run(examined(settings()))
    rows = [
        {"check": f.name, "ok": f.ok, "found": f.seen if f.ok else f.problem, "what_to_do": "" if f.ok else f.remedy}
        for f in findings
    ]
    give(rows, as_json=as_json, people=lambda: table(rows, ("check", "ok", "found", "what_to_do")))
    if not all(f.ok for f in findings):
        raise typer.Exit(Code.NO)


@guarded
def backup(
    target: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")], as_json: AsJson = False
) -> None:
    """Write a consistent backup while everything goes on. The master key is not in it: keep it apart."""
    import msgspec

    from crossdock.cli.opening import run, settings
    from crossdock.store import backup as store_backup
    from crossdock.store.database import Database
    from crossdock.wiring import store_settings

    chosen = settings()

    async def work() -> store_backup.Manifest:
        with console().status("writing the backup"):
            async with Database.open(store_settings(chosen)) as database:
                return await store_backup.backup(database, target)

    manifest = run(work())
    needed = ", ".join(key.key_id for key in manifest.keys) or "none"
    rows = sum(manifest.rows.values())
    told = f"{target}: {rows} rows, {manifest.size} bytes. Opened by master key: {needed} (kept apart)."
    give(msgspec.to_builtins(manifest), as_json=as_json, people=lambda: told)


@guarded
def restore(
    source: Annotated[Path, typer.Argument(help="A directory made by crossdock backup.")],
    force: Annotated[bool, typer.Option("--force", help="Replace all that is in the database now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup. Whether the master key at hand opens it is said before anything is changed."""
    import hmac

    import msgspec

    from crossdock.cli.opening import run, settings
    from crossdock.errors import Trouble
    from crossdock.store import backup as store_backup
    from crossdock.wiring import store_settings, vault_of

    chosen = settings()
    if not source.is_dir():
        raise Trouble(f"{source} is no backup: there is no such directory", remedy="name the directory of a backup")
    manifest = store_backup.read_manifest(source)
    given = chosen.master_key is not None or chosen.master_key_command is not None
    vault = vault_of(chosen, create=not (manifest.keys or given))

    def opens(key_id: str, check: bytes) -> bool:
        ours = vault.check_value(key_id)
        return ours is not None and hmac.compare_digest(ours, check)

    async def work() -> None:
        with console().status("restoring"):
            await store_backup.restore(store_settings(chosen), source, opens=opens, force=force)

    run(work())
    told = f"Restored {sum(manifest.rows.values())} rows of {manifest.created_at:%Y-%m-%d %H:%M}. Next: crossdock prove"
    give(msgspec.to_builtins(manifest), as_json=as_json, people=lambda: told)
    sys.stdout.flush()
