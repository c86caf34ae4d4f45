"""The words of the plugin's API: what is checked is what the published JSON Schemas say, since they are made from it.

Documents have the shape of WooCommerce's REST API, ``wc/v3``. A rule stands here for a field whose meaning the hub
depends on; every other field is taken and kept as it is.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from crossdock.kit.site_address import account_uid, site_url

_DECIMAL: Final = r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$"
_EVENT_TYPE: Final = r"^[a-z][a-z0-9_]{0,62}(\.[a-z0-9_]{1,63}){1,3}$"
_MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_LOCAL: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?$"
_MAIL: Final = r"^[^@\s]{1,64}@[^@\s]{1,190}$"
_KEPT: Final = ConfigDict(strict=True, extra="allow")


def _uuid(value: object) -> object:
    if isinstance(value, str) and len(value) == 36:
        try:
            return uuid.UUID(value)
        except ValueError:
            pass
    raise ValueError("expected a UUID")


def _moment(value: object) -> object:
    if isinstance(value, str) and re.match(_MOMENT, value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("expected a time with its zone, such as 2026-11-21T10:00:00.123456Z")


def _decimal(value: object) -> object:
    if isinstance(value, str) and (value == "" or re.match(_DECIMAL, value)):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ValueError("expected a decimal number, such as 12.50")


def _amount(value: object) -> object:
    if value == "":
        raise ValueError("expected a decimal number, such as 12.50")
    return _decimal(value)


def _local(value: object) -> object:
    if value in (None, ""):
        return value
    if isinstance(value, str) and re.match(_LOCAL, value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    raise ValueError("expected a time, such as 2026-11-21T10:00:00")


def _mail(value: object) -> object:
    if value in (None, "") or (isinstance(value, str) and re.match(_MAIL, value)):
        return value
    raise ValueError("expected an e-mail address")


def _number(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ValueError("expected a number")


def _address(value: str) -> str:
    try:
        account_uid(site_url(value))
    except ValueError:
        raise ValueError("expected a web address, such as https://shop.example") from None
    return value


def _object(value: object) -> object:
    # PHP writes an empty map as an empty list
    return {} if value == [] else value


_NUMBERS: Final[list[dict[str, Any]]] = [{"type": "string", "pattern": _DECIMAL}, {"type": "number"}]
Uuid = Annotated[uuid.UUID, BeforeValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "pattern": _MOMENT})]
Amount = Annotated[Any, BeforeValidator(_amount), WithJsonSchema({"anyOf": _NUMBERS})]
Price = Annotated[
    Any, BeforeValidator(_decimal), WithJsonSchema({"anyOf": [*_NUMBERS, {"type": "string", "maxLength": 0}]})
]
Local = Annotated[
    Any,
    BeforeValidator(_local),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": rf"{_LOCAL}|^$"}, {"type": "null"}]}),
]
Mail = Annotated[
    Any,
    BeforeValidator(_mail),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": rf"{_MAIL}|^$"}, {"type": "null"}]}),
]
Number = Annotated[Any, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Id = Annotated[int, Field(ge=1)]
Link = Annotated[int, Field(ge=0)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Address = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s\x00/?#]+[^\s\x00]*$", max_length=500), AfterValidator(_address)
]


class Site(BaseModel):
    """SITE: what a site says of itself."""

    model_config = ConfigDict(strict=True, extra="ignore")

    instance: Uuid = Field(description="made when the plugin is activated; a copy of the site has the same")
    url: Address = Field(description="home_url()")
    site_url: Address
    rest_url: Address = Field(description="where the site's REST API begins, for the hub's commands")
    name: Text
    wordpress: Text
    php: Text
    plugin: Text
    woocommerce: Text | None = None
    hpos: bool = False
    currency: Currency | None = None
    time_zone: Text = ""
    locale: Text = ""
    multisite: bool = False
    blog_id: Id = 1
    environment: Literal["production", "staging", "development", "local"] = "production"

    def facts(self) -> dict[str, Any]:
        """Return it as plain data."""
        return self.model_dump(mode="json")


class Pair(BaseModel):
    """The body of ``POST /pair``."""

    model_config = _KEPT

    code: Annotated[str, StringConstraints(min_length=16, max_length=1000)]
    site: Site


class Sender(BaseModel):
    """Who sends a batch."""

    model_config = _KEPT

    instance: Uuid
    url: Address
    plugin: Text = ""


class Item(BaseModel):
    """ITEM without its data: what happened to what, and when."""

    model_config = _KEPT

    id: Uuid = Field(description="the telling's own id: the same again is a duplicate")
    kind: Literal["order", "customer", "product", "refund", "event"]
    action: Literal["saved", "deleted"] = "saved"
    type: Annotated[str, StringConstraints(pattern=_EVENT_TYPE)] | None = Field(
        None, description="of an event: lower-case words joined by dots, such as user.login"
    )
    entity: Annotated[str, StringConstraints(min_length=1, max_length=96, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="of an event: what it is about, such as user:12; events of one thing stay in order"
    )
    subject: Mail = Field(None, description="of an event: e-mail of the person it is about, so that erasure finds it")
    occurred_at: Moment
    origin: Literal["live", "bulk", "resend", "test"] = "live"
    data: Annotated[dict[str, Any], BeforeValidator(_object)]

    @model_validator(mode="after")
    def _typed(self) -> Item:
        if self.kind == "event" and self.type is None:
            raise ValueError("type: an event needs a type, such as user.login")
        return self


class Gone(BaseModel):
    """The data of an entity that was deleted."""

    model_config = _KEPT

    id: Id
    parent_id: Link | None = None


class Meta(BaseModel):
    """One row of ``meta_data``."""

    model_config = _KEPT

    key: Annotated[str, StringConstraints(max_length=255)]


class Postal(BaseModel):
    """``billing`` or ``shipping``."""

    model_config = _KEPT

    email: Mail = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    country: str | None = None
    phone: str | None = None


class Line(BaseModel):
    """One of ``line_items``."""

    model_config = _KEPT

    id: Link | None = None
    name: str | None = None
    product_id: Link | None = None
    variation_id: Link | None = None
    quantity: Number = 1
    total: Price = ""


class Category(BaseModel):
    """One of a product's ``categories``."""

    model_config = _KEPT

    id: Link
    name: str


Places = Annotated[Postal, BeforeValidator(_object)]
Metas = list[Meta]


class Order(BaseModel):
    """An order as ``wc/v3/orders/{id}`` answers it."""

    model_config = _KEPT

    id: Id
    status: Word
    currency: Currency
    total: Amount
    number: str | None = None
    customer_id: Link | None = None
    discount_total: Price = ""
    shipping_total: Price = ""
    total_tax: Price = ""
    date_created_gmt: Local = None
    date_modified_gmt: Local = None
    date_paid_gmt: Local = None
    billing: Places = Postal()
    shipping: Places = Postal()
    line_items: list[Line] = []
    shipping_lines: list[dict[str, Any]] = []
    fee_lines: list[dict[str, Any]] = []
    coupon_lines: list[dict[str, Any]] = []
    meta_data: Metas = []


class Customer(BaseModel):
    """A customer as ``wc/v3/customers/{id}`` answers it; without an id it is found by its e-mail."""

    model_config = _KEPT

    id: Link | None = None
    email: Mail = None
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    role: str | None = None
    is_paying_customer: bool | None = None
    date_created_gmt: Local = None
    date_modified_gmt: Local = None
    billing: Places = Postal()
    shipping: Places = Postal()
    meta_data: Metas = []

    @model_validator(mode="after")
    def _somebody(self) -> Customer:
        if not self.id and not self.email and not self.billing.email:
            raise ValueError("email: a customer needs an id or an e-mail")
        return self


class Product(BaseModel):
    """A product as ``wc/v3/products/{id}`` answers it, or a variation with its ``parent_id``."""

    model_config = _KEPT

    id: Id
    name: str | None = None
    type: Word | None = None
    status: Word | None = None
    sku: str | None = None
    parent_id: Link | None = None
    price: Price = ""
    regular_price: Price = ""
    sale_price: Price = ""
    stock_quantity: Number | None = None
    date_created_gmt: Local = None
    date_modified_gmt: Local = None
    categories: list[Category] = []
    meta_data: Metas = []

    @model_validator(mode="after")
    def _below(self) -> Product:
        if self.type == "variation" and not self.parent_id:
            raise ValueError("parent_id: a variation needs the id of its product")
        if self.type != "variation" and not self.name:
            raise ValueError("name: a product needs a name")
        return self


class Refund(BaseModel):
    """A refund as ``wc/v3/orders/{parent_id}/refunds/{id}`` answers it, with its ``parent_id``."""

    model_config = _KEPT

    id: Id
    parent_id: Id
    amount: Amount
    reason: str | None = None
    date_created_gmt: Local = None
    line_items: list[Line] = []
    meta_data: Metas = []


class FoundField(BaseModel):
    """A field that the site found in its own data."""

    model_config = _KEPT

    path: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,29}$")]
    sample: Annotated[str, StringConstraints(max_length=500)] | None = None


class Fields(BaseModel):
    """The body of ``POST /fields``."""

    model_config = _KEPT

    kind: Literal["order", "customer", "product", "refund", "event"]
    fields: Annotated[list[FoundField], Field(max_length=1000)]


DOCUMENTS: Final[dict[str, type[BaseModel]]] = {
    "order": Order,
    "customer": Customer,
    "product": Product,
    "refund": Refund,
}
PUBLISHED: Final[dict[str, type[BaseModel]]] = {
    **DOCUMENTS,
    "item": Item,
    "site": Site,
    "pair": Pair,
    "fields": Fields,
    "deleted": Gone,
}
"""Name of the published schema -> the word it is made from."""
