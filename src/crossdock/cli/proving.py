"""``prove``: everything a shop holds against everything its destinations hold, as a report that is signed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Code, Tenant, console, give, guarded, table
from crossdock.cli.reading import Store, sources

if TYPE_CHECKING:
    from crossdock.flow.reconcile import Proof
    from crossdock.flow.reconcile.reports import Kept

Day = datetime | None


@guarded
def prove(
    shop: Store = None,
    store: Annotated[str | None, typer.Option("--store", help="The shop, as an option.")] = None,
    first: Annotated[Day, typer.Option("--from", formats=["%Y-%m-%d"], help="Only orders of this day on.")] = None,
    last: Annotated[Day, typer.Option("--to", formats=["%Y-%m-%d"], help="Only orders up to this day.")] = None,
    repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Deliver again what is missing or drifted.")
    ] = True,
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
    from crossdock.cli.opening import run, tenant_hub, working
    from crossdock.flow.reconcile import Days

    days = Days(first.date() if first else None, last.date() if last else None)

    async def work() -> list[tuple[str, Kept, Proof]]:
        async with tenant_hub(tenant) as (hub, tenant_id):
            chosen = await sources(hub, tenant_id, shop or store)
            proofs = []
            async with working(hub):
                with console().status("proving") as status:
                    rounds = 2 if repair else 0
                    for one in chosen:
                        kept, proof = await hub.reports.take(
                            one.id, None, days, repair_rounds=rounds, tell=status.update
                        )
                        proofs.append((one.name, kept, proof))
            return proofs

    proofs = run(work())
    single = bool(shop or store)
    _write(proofs, report, csv, single=single)
    value = [_json(*one) for one in proofs]
    give(value[0] if single else value, as_json=as_json, people=lambda: _proofs([(n, p) for n, _, p in proofs]))
    if not all(proof.ok and proof.rows for _, _, proof in proofs):
        raise typer.Exit(Code.NO)


def _json(name: str, kept: Kept, proof: Proof) -> dict[str, Any]:
    from crossdock.kit.ids import Prefix, show

    signed = {"id": show(Prefix.PROOF, kept.id), "requests": kept.report["requests"], "signature": kept.signature}
    return {**proof_json(name, proof), **signed}


def _write(proofs: list[tuple[str, Kept, Proof]], report: Path | None, csv: Path | None, *, single: bool) -> None:
    import orjson

    from crossdock.flow.reconcile.report import as_csv

    for _, kept, _ in proofs:
        uid = kept.report["store"]["uid"]
        if report is not None:
            whole = {"report": kept.report, "signature": kept.signature}
            _file(report, f"{uid}.json", single=single).write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2))
        if csv is not None:
            _file(csv, f"{uid}.csv", single=single).write_text(as_csv(kept.report), encoding="utf-8")


def _file(path: Path, name: str, *, single: bool) -> Path:
    if single and not path.is_dir():
        return path
    path.mkdir(parents=True, exist_ok=True)
    return path / name


def _verify(path: Path, tenant: str, *, as_json: bool) -> None:
    import orjson

    from crossdock.cli.opening import run, tenant_hub
    from crossdock.errors import BadInput

    try:
        told = orjson.loads(path.read_bytes())
        report, signature = told["report"], str(told["signature"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        raise BadInput(
            f"{path} is no report of a proof", field="verify", remedy="name a file that `prove --report` wrote"
        ) from None

    async def work() -> bool:
        async with tenant_hub(tenant) as (hub, _):
            return hub.reports.genuine(report, signature)

    genuine = run(work())
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


PROOF = (
    "entity",
    "in_store",
    "recorded",
    "delivered",
    "skipped",
    "dead",
    "missing",
    "duplicates",
    "drifted",
    "unexpected",
)
"""The columns of a proof, everywhere."""


def _proofs(proofs: list[tuple[str, Proof]]) -> Any:
    import msgspec
    from rich.console import Group

    parts: list[Any] = []
    for name, proof in proofs:
        rows = [msgspec.to_builtins(row) for row in proof.rows]
        columns = (*PROOF[:1], "destination", *PROOF[1:])
        parts += [f"{name}:", table(rows, columns, empty="Nothing is routed from this shop: connect a destination.")]
        shown = [msgspec.to_builtins(one) for one in proof.differences[:20]]
        if shown:
            parts.append(table(shown, ("entity", "external_id", "kind", "what")))
        verdict = "Proven: nothing is missing, doubled or different." if proof.ok and rows else "Not proven."
        parts.append(verdict + (f" {proof.pending} deliveries are still under way." if proof.pending else ""))
    return Group(*parts)
