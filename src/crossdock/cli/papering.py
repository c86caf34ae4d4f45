"""``invoices document`` and ``invoices check``: an invoice as a file, and whether it would be a valid one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossdock.cli.answers import AsJson, Code, Tenant, give, guarded, table
from crossdock.cli.asking import check_word
from crossdock.cli.invoicing import InvoiceId, about

if TYPE_CHECKING:
    from crossdock.documents.words import Format

Kind = Annotated[str, typer.Option("--format", help="json, pdf, ubl, ubl-core, cii or facturx.")]
File = Annotated[Path | None, typer.Option("--to", help="Where to write it; unset: its own name, here.")]


@guarded
def invoices_document(
    invoice: InvoiceId, kind: Kind = "pdf", to: File = None, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Write an invoice as a document; refused with the broken rules when it is not a valid one."""
    from crossdock.errors import BadInput
    from crossdock.wiring import dealing

    form = format_of(kind)
    made = about(invoice, tenant, lambda hub, t, one: dealing.document(hub, t, one, form))
    file = to or Path(made.name)
    try:
        file.write_bytes(made.content)
    except OSError as refused:
        raise BadInput(f"{file} cannot be written: {refused.strerror}", field="to") from None
    told = {"file": str(file), "format": form.value, "bytes": len(made.content)}
    warnings = [f"{one.rule}: {one.words}" for one in made.problems]
    text = "\n".join([f"{file}: {len(made.content):,} bytes", *warnings])
    give({**told, "warnings": warnings}, as_json=as_json, people=lambda: text)


@guarded
def invoices_check(invoice: InvoiceId, kind: Kind = "ubl", tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Say which rules of a format an invoice breaks; a draft as if it were issued today."""
    from crossdock.wiring import dealing

    form = format_of(kind)
    found = about(invoice, tenant, lambda hub, t, one: dealing.checked(hub, t, one, form))
    none = f"Valid as {form.value}."
    give(
        found,
        as_json=as_json,
        people=lambda: table(found["problems"], ("rule", "weight", "place", "words"), empty=none),
    )
    if not found["valid"]:
        raise typer.Exit(Code.NO)


def format_of(kind: str) -> Format:
    """Return the format of a name. Raises ``BadInput`` that lists them."""
    from crossdock.documents.words import Format

    check_word("format", kind, Format)
    return Format(kind)
