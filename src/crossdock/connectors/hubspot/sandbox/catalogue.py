"""The standard object types, properties and groups that every portal has.

A property line is ``name type fieldType [flags]``; flags: ``ro`` read-only value, ``ext`` options kept elsewhere
(owners, stages), ``opts=a|b`` the options. Labels follow from names. Source: the vendor's own default properties,
as far as a shop's orders touch them; names of the order object are seen in public code.
"""

from __future__ import annotations

from typing import Any

EPOCH_ISO = "2020-01-01T00:00:00Z"

LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)

TYPE_IDS = {
    "contacts": "0-1",
    "companies": "0-2",
    "deals": "0-3",
    "products": "0-7",
    "line_items": "0-8",
    "notes": "0-46",
    "orders": "0-123",
}

SINGULAR = {
    "contacts": "contact",
    "companies": "company",
    "deals": "deal",
    "products": "product",
    "line_items": "line_item",
    "notes": "note",
    "orders": "order",
}

KINDS: dict[str, str] = {
    **{kind: kind for kind in TYPE_IDS},
    **{type_id: kind for kind, type_id in TYPE_IDS.items()},
    **{one: kind for kind, one in SINGULAR.items()},
}
"""What a path may call an object type -> its plural name."""

MODIFIED = {"contacts": "lastmodifieddate"}
"""The property that holds the time of the last write, where it is not ``hs_lastmodifieddate``."""

CREATED = {"notes": "hs_createdate", "orders": "hs_createdate"}
"""The property that holds the time of creation, where it is not ``createdate``."""

GROUPS = {
    "contacts": "contactinformation",
    "companies": "companyinformation",
    "deals": "dealinformation",
    "products": "productinformation",
    "line_items": "lineiteminformation",
    "notes": "engagement",
    "orders": "orderinformation",
}

DEFAULTS = {
    "contacts": ("email", "firstname", "lastname"),
    "companies": ("domain", "name"),
    "deals": ("amount", "closedate", "dealname", "dealstage", "pipeline"),
    "products": ("description", "name", "price"),
    "line_items": ("hs_product_id", "quantity"),
    "notes": (),
    "orders": ("hs_order_name",),
}
"""Properties in an answer when none are asked for, beside the id and the two times."""

SEARCHED = {
    "contacts": ("email", "firstname", "lastname", "phone", "company", "hs_additional_emails"),
    "companies": ("name", "domain", "phone"),
    "deals": ("dealname",),
    "products": ("name", "hs_sku", "description"),
    "line_items": ("name", "hs_sku"),
    "notes": ("hs_note_body",),
    "orders": ("hs_order_name", "hs_external_order_id"),
}
"""Properties that a search's ``query`` looks into."""

_EVERY = """
hs_object_id number number ro
hs_created_by_user_id number number ro
hs_merged_object_ids enumeration checkbox ro ext
hubspot_owner_id enumeration select ext
hubspot_owner_assigneddate datetime date ro
"""

_ADDRESS = "\n".join(
    f"hs_{side}_address_{part} string text"
    for side in ("billing", "shipping")
    for part in ("name", "firstname", "lastname", "email", "phone", "street", "city", "state", "postal_code", "country")
)

_TABLES = {
    "contacts": f"""
email string text
firstname string text
lastname string text
phone string phonenumber
mobilephone string phonenumber
address string textarea
city string text
state string text
zip string text
country string text
company string text
website string text
jobtitle string text
salutation string text
date_of_birth string text
hs_language string text
message string textarea
lifecyclestage enumeration radio opts={"|".join(LIFECYCLE)}
hs_lead_status enumeration radio opts=NEW|OPEN|IN_PROGRESS|OPEN_DEAL|UNQUALIFIED|CONNECTED|BAD_TIMING
hs_additional_emails enumeration checkbox ro ext
hs_email_domain string text ro
hs_email_optout bool booleancheckbox ro
hs_legal_basis enumeration checkbox opts=Not applicable|Legitimate interest – existing customer
num_associated_deals number number ro
associatedcompanyid number number
createdate datetime date ro
lastmodifieddate datetime date ro
""",
    "companies": """
name string text
domain string text
website string text
phone string phonenumber
address string text
address2 string text
city string text
state string text
zip string text
country string text
description string textarea
numberofemployees number number
annualrevenue number number
lifecyclestage enumeration radio opts=subscriber|lead|opportunity|customer|other
createdate datetime date ro
hs_lastmodifieddate datetime date ro
""",
    "deals": """
dealname string text
amount number number
pipeline enumeration select ext
dealstage enumeration radio ext
closedate datetime date
deal_currency_code enumeration select ext
description string textarea
dealtype enumeration radio opts=newbusiness|existingbusiness
hs_priority enumeration select opts=low|medium|high
hs_next_step string text
closed_lost_reason string textarea
closed_won_reason string textarea
hs_is_closed bool booleancheckbox ro
hs_is_closed_won bool booleancheckbox ro
hs_closed_won_date datetime date ro
hs_v2_date_entered_current_stage datetime date ro
hs_tcv number number ro
hs_acv number number ro
createdate datetime date
hs_createdate datetime date ro
hs_lastmodifieddate datetime date ro
""",
    "products": """
name string text
hs_sku string text
price number number
description string textarea
hs_url string text
hs_images string text
hs_cost_of_goods_sold number number
hs_product_type enumeration select opts=inventory|non_inventory|service
hs_status enumeration select opts=active|inactive
hs_recurring_billing_period string text
recurringbillingfrequency enumeration select opts=monthly|quarterly|annually
hs_folder_id number number
tax number number
createdate datetime date ro
hs_lastmodifieddate datetime date ro
""",
    "line_items": """
name string text
quantity number number
price number number
amount number number ro
hs_product_id number number
hs_sku string text
description string textarea
discount number number
hs_discount_percentage number number
hs_line_item_currency_code enumeration select ext
hs_tax_rate_group_id number number
hs_tax_rate number number ro
hs_tax_label string text ro
hs_post_tax_amount number number ro
hs_cost_of_goods_sold number number
hs_url string text
hs_images string text
hs_position_on_quote number number
hs_external_id string text
recurringbillingfrequency enumeration select opts=monthly|quarterly|annually
tax number number
createdate datetime date ro
hs_lastmodifieddate datetime date ro
""",
    "notes": """
hs_note_body string html
hs_timestamp datetime date
hs_attachment_ids string text
hs_createdate datetime date ro
hs_lastmodifieddate datetime date ro
""",
    "orders": f"""
hs_order_name string text
hs_order_note string textarea
hs_external_order_id string text
hs_external_cart_id string text
hs_external_order_status string text
hs_external_order_url string text
hs_currency_code enumeration select ext
hs_total_price number number
hs_subtotal_price number number
hs_shipping_cost number number
hs_tax number number
hs_order_discount number number
hs_refund_amount number number
hs_discount_codes string text
hs_source_store string text
hs_payment_status string text
hs_payment_processing_method string text
hs_fulfillment_status string text
hs_pipeline enumeration select ext
hs_pipeline_stage enumeration radio ext
hs_external_created_date datetime date
hs_processed_date datetime date
hs_cancelled_date datetime date
hs_cancellation_reason string text
hs_shipping_method string text
hs_shipping_status string text
hs_shipping_tracking_number string text
hs_shipping_status_url string text
hs_buyer_accepts_marketing bool booleancheckbox
hs_tags string text
{_ADDRESS}
hs_createdate datetime date ro
hs_lastmodifieddate datetime date ro
""",
}


def standard(kind: str) -> list[dict[str, Any]]:
    """Return the standard properties of ``kind`` as plain keyword values for a definition."""
    lines = (_TABLES[kind] + _EVERY).strip().splitlines()
    return [_line(line) for line in lines if line]


def _line(line: str) -> dict[str, Any]:
    head, _, tail = line.partition(" opts=")
    name, type_, field, *flags = head.split()
    options = [
        {"label": value, "value": value, "displayOrder": place, "hidden": False}
        for place, value in enumerate(tail.split("|") if tail else ())
    ]
    return {
        "name": name,
        "type": type_,
        "field_type": field,
        "options": options,
        "read_only": "ro" in flags,
        "external_options": "ext" in flags,
    }
