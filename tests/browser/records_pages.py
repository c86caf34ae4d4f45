"""The pages of records whose address the names in it do not make, and what of theirs is a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Address = Callable[[Mapping[str, str]], str]
_HOME = "/t/default"
ADDRESSES: dict[str, Address] = {
    "/t/{slug}/orders/resend": lambda ids: f"{_HOME}/orders/resend?status=completed",
    "/t/{slug}/deals/{connection_id}/{deal_id}": lambda ids: f"{_HOME}/deals/{ids['crm_id']}/{ids['deal_id']}",
    "/t/{slug}/deals/{connection_id}/{deal_id}/issue": lambda ids: (
        f"{_HOME}/deals/{ids['crm_id']}/{ids['deal_id']}/issue"
    ),
    "/t/{slug}/invoices/{invoice_id}/issue": lambda ids: f"{_HOME}/invoices/{ids['draft_id']}/issue",
    "/t/{slug}/invoices/{invoice_id}/discard": lambda ids: f"{_HOME}/invoices/{ids['draft_id']}/discard",
    "/t/{slug}/sku-links/many": lambda ids: f"{_HOME}/sku-links/many?do=deactivate",
    "/t/{slug}/sku-links/match": lambda ids: (
        f"{_HOME}/sku-links/match?store={ids['connection_id']}&like={ids['connection_id']}"
    ),
    "/t/{slug}/sku-links/import/{run_id}": lambda ids: f"{_HOME}/sku-links/import/{ids['import_id']}",
    "/t/{slug}/stock/push": lambda ids: f"{_HOME}/stock/push?store={ids['connection_id']}",
}
FILES: dict[str, str] = {
    "/t/{slug}/proof/{proof_id}/report": "a file",
    "/t/{slug}/sku-links/sheet": "a file",
    "/t/{slug}/invoices/{invoice_id}/document": "a file",
}
