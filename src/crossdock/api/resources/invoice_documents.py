"""An invoice as a document, and whether it is a valid one: JSON, PDF, UBL 2.1 (Peppol BIS 3), CII and Factur-X."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import PROBLEM_CONTENT, answer
from crossdock.documents.words import Format
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub
from crossdock.wiring.dealing import checked, document

_INVOICE = "inv_01kb3v0d1a8w0f6zr4p1n5q2st"
_TYPES: dict[str, dict[str, Any]] = {kind: {} for kind in ("application/json", "application/pdf", "application/xml")}
Asked = Annotated[
    Format,
    Query(
        alias="format",
        description="pdf a page for people; ubl UBL 2.1 by Peppol BIS Billing 3.0; ubl-core UBL 2.1 by EN 16931 alone; "
        "cii the XML of Factur-X; facturx a PDF/A-3 with that XML attached; json our own words",
        examples=["facturx"],
    ),
]


class BrokenRule(BaseModel):
    """One rule that a document breaks."""

    rule: str = Field(description="as its publisher names it", examples=["BR-CO-15"])
    place: str = Field(description="XPath into the XML, or a field of the invoice")
    words: str = Field(description="the rule in its publisher's words; holds no value of the invoice")
    weight: str = Field(description="fatal: no document is handed out; warning: it is", examples=["fatal"])


class Checked(BaseModel):
    """Whether an invoice is valid in a format."""

    format: str
    valid: bool = Field(description="no broken rule is fatal")
    supposed: bool = Field(description="true: a draft, checked as if it had a number and a day of issue")
    problems: list[BrokenRule]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["invoices"])
    # a document holds people's data, which who only looks on sees masked
    sees_people, reads = access.needs("operate"), access.needs("read")

    @api.get(
        "/invoices/{invoice_id}/document",
        response_class=Response,
        responses={
            200: {"content": _TYPES, "description": "the document, the same bytes every time"},
            422: {
                "description": "the invoice breaks rules of the format; ``rules`` lists them",
                "content": PROBLEM_CONTENT,
            },
        },
    )
    async def get_invoice_document(
        invoice_id: str, form: Asked = Format.PDF, caller: Principal = sees_people
    ) -> Response:
        """Return an invoice or a credit note as a document; 422 with the broken rules when it is not a valid one.

        It shows people's data, so the key needs the scope ``operate``.
        """
        made = await document(hub, caller.tenant_id, parsed(ids.Prefix.INVOICE, invoice_id, "invoice_id"), form)
        headers = {
            "content-disposition": f'attachment; filename="{made.name}"',
            "cache-control": "private, no-cache",
            "x-content-type-options": "nosniff",
        }
        return Response(made.content, media_type=made.format.media_type, headers=headers)

    @api.get("/invoices/{invoice_id}/document/problems", response_model=Checked)
    async def check_invoice_document(invoice_id: str, form: Asked = Format.UBL, caller: Principal = reads) -> Any:
        """Say which rules of a format an invoice breaks; a draft as if it were issued today."""
        return answer(await checked(hub, caller.tenant_id, parsed(ids.Prefix.INVOICE, invoice_id, "invoice_id"), form))

    return api
