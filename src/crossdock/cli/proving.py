"""``prove``: everything a shop holds against everything its destinations hold, as a report that is signed."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crossdock.cli.answers import AsJson, Code, Tenant, console, give, guarded
from crossdock.cli.asking import ask
from crossdock.cli.reading import Store, sources

if TYPE_CHECKING:
    from crossdock.flow.reconcile import Asked, Proof
    from crossdock.flow.reconcile.reports import Kept
    from crossdock.wiring import Hub

Day = datetime | None
_EXPLAINED = 100
"""Exceptions that --json and the terminal explain; the report and the CSV hold all of them."""


@guarded
def prove(
    shop: Store = None,
    store: Annotated[str | None, typer.Option("--store", help="The shop, as an option.")] = None,
    first: Annotated[Day, typer.Option("--from", formats=["%Y-%m-%d"], help="Only orders of this day on.")] = None,
    last: Annotated[Day, typer.Option("--to", formats=["%Y-%m-%d"], help="Only orders up to this day.")] = None,
    repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Deliver again what is missing or drifted.")
    ] = True,
    depth: Annotated[
        Literal["auto", "light", "full"],
        typer.Option("--depth", help="light: in full only what differs from the record; auto: full once a week."),
    ] = "auto",
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write the signed report there; of several shops: a folder."),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write rows and exceptions there as CSV.")] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", help="Prove nothing; say whether this report is one that we signed.")
    ] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Prove that what a shop holds stands at its destinations: reads both afresh, exit code 1 when anything differs.

    Days are the shop's own. Every proof is kept and signed.
    """
    if verify is not None:
        _verify(verify, tenant, as_json=as_json)
        return
    from crossdock.cli.working import working
    from crossdock.flow.reconcile import Asked, Days, Depth

    days = Days(first.date() if first else None, last.date() if last else None)
    single = bool(shop or store)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        chosen = await sources(hub, tenant_id, shop or store)
        proofs = []
        async with working(hub):
            with console().status("proving") as status:
                for one in chosen:
                    asked = Asked(2 if repair else 0, days=days, depth=Depth(depth), tell=status.update)
                    kept, proof = await _take(hub, one.id, asked)
                    await _write(hub, tenant_id, kept, report, csv, single=single)
                    proofs.append(await _told(hub, tenant_id, one.name, kept, proof))
        return proofs

    proofs = ask(tenant, work)
    from crossdock.cli.proof_screen import shown

    give(proofs[0] if single else proofs, as_json=as_json, people=lambda: shown(proofs))
    if not all(proof["ok"] for proof in proofs):
        raise typer.Exit(Code.NO)


async def _take(hub: Hub, source_id: uuid.UUID, asked: Asked) -> tuple[Kept, Proof]:
    from crossdock.errors import Conflict
    from crossdock.flow.run import PutOff

    try:
        return await hub.reports.taken(source_id, None, asked)
    except PutOff as waits:
        raise Conflict(str(waits), remedy=f"try again after {waits.until:%F %H:%M} UTC") from None


async def _told(hub: Hub, tenant_id: uuid.UUID, name: str, kept: Kept, proof: Proof) -> dict[str, Any]:
    from crossdock.kit.ids import Prefix, show

    explained = await hub.reports.exceptions.page(tenant_id, kept.id, limit=_EXPLAINED)
    signed = {"id": show(Prefix.PROOF, kept.id), "requests": kept.report["requests"], "signature": kept.signature}
    more = ("depth", "moving", "skipped_by", "taken_by", "repairs", "costs", "seconds")
    told = {"exceptions": kept.report["exceptions"], "explained": explained}
    return {**proof_json(name, proof), **{key: kept.report[key] for key in more}, **told, **signed}


async def _write(
    hub: Hub, tenant_id: uuid.UUID, kept: Kept, report: Path | None, csv: Path | None, *, single: bool
) -> None:
    """Write the files, an exception at a time."""
    import orjson

    from crossdock.flow.reconcile.report import exceptions_csv, rows_csv

    uid = kept.report["store"]["uid"]
    if report is not None:
        with _file(report, f"{uid}.json", single=single).open("wb") as out:
            signed = orjson.dumps({"report": kept.report, "signature": kept.signature}, option=orjson.OPT_INDENT_2)
            out.write(signed.removesuffix(b"\n}") + b',\n  "exceptions": [')
            between = b"\n"
            async for one in hub.reports.exceptions.every(tenant_id, kept.id):
                out.write(between + orjson.dumps(one))
                between = b",\n"
            out.write(b"\n  ]\n}\n")
    if csv is not None:
        with _file(csv, f"{uid}.csv", single=single).open("w", encoding="utf-8") as table:
            table.write(rows_csv(kept.report))
            async for one in hub.reports.exceptions.every(tenant_id, kept.id):
                table.write(exceptions_csv([one]))


def _file(path: Path, name: str, *, single: bool) -> Path:
    if single and not path.is_dir():
        return path
    path.mkdir(parents=True, exist_ok=True)
    return path / name


def _verify(path: Path, tenant: str, *, as_json: bool) -> None:
    import orjson

    from crossdock.errors import BadInput

    try:
        told = orjson.loads(path.read_bytes())
        report, signature, exceptions = told["report"], str(told["signature"]), told.get("exceptions")
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{path} is no report of a proof", field="verify", remedy="name a file that `prove --report` wrote"
        ) from None

    async def work(hub: Hub, _: uuid.UUID) -> bool:
        return hub.reports.genuine(report, signature, exceptions if isinstance(exceptions, list) else None)

    genuine = ask(tenant, work)
    said = "Genuine: this hub signed this report, word for word." if genuine else "Not genuine: changed, or not ours."
    give({"genuine": genuine}, as_json=as_json, people=lambda: said)
    if not genuine:
        raise typer.Exit(Code.NO)


def proof_json(name: str, proof: Proof) -> dict[str, Any]:
    """Return a proof as JSON: ok, pending, proof (one row an entity), differences without personal values."""
    import msgspec

    return {
        "shop": name,
        "ok": proof.ok and bool(proof.rows),
        "pending": proof.pending,
        "proof": [msgspec.to_builtins(row) for row in proof.rows],
        "differences": [msgspec.to_builtins(one) for one in proof.differences],
    }
