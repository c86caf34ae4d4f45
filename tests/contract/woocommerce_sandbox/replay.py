"""Replays recorded requests of a real shop against the sandbox and says what differs."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson

from crossdock.connectors.woocommerce.sandbox import ApiKey, Settings, Shop, build
from crossdock.connectors.woocommerce.sandbox.hooks import Webhook
from tests.support.shared import RECORDINGS

HOST = "127.0.0.1:8481"
PATH_KIND = (
    (r"/orders/\d+/refunds", "refunds"),
    (r"/products/\d+/variations", "variations"),
    (r"/(orders|customers|coupons)(/\d+|/batch)?$", None),
    (r"/products(/\d+|/batch)?$", "products"),
)
VOLATILE = {"order_key", "related_ids", "payment_url"}
PARTIAL = {"orders", "products"}
"""Kinds of which the store's files hold only a part or a later state: totals of lists cannot be the same."""
SERVER = {"server", "date", "transfer-encoding", "connection", "content-length"}


class Recording:
    """One recorded exchange."""

    def __init__(self, path: Path) -> None:
        self.name = f"{path.parent.name}/{path.stem}"
        raw = orjson.loads(path.read_bytes())
        self.method, target, _ = raw["request"]["line"].split(" ", 2)
        self.path, _, self.query = target.partition("?")
        self.headers = [(n.lower(), v) for n, v in raw["request"]["headers"]]
        self.body = (raw["request"]["body_utf8"] or "").encode()
        answer = raw["response"]
        self.status: int = answer["status"]
        self.answer_headers = {n.lower(): v for n, v in answer["headers"]}
        text = answer["body_utf8"]
        self.answer: Any = orjson.loads(text) if text else None
        self.at = parsedate_to_datetime(self.answer_headers["date"]).timestamp()

    @property
    def https(self) -> bool:
        """Whether the shop believed to be behind TLS."""
        return self.answer_headers.get("link", "").startswith("<https")

    @property
    def kind(self) -> str | None:
        """The kind of resource the answer holds."""
        for pattern, kind in PATH_KIND:
            found = re.search(pattern, self.path)
            if found:
                return kind or found.group(1)
        return None

    def basic(self) -> tuple[str, str] | None:
        """The Basic pair of the request."""
        header = dict(self.headers).get("authorization", "")
        if not header.startswith("Basic "):
            return None
        user, _, password = base64.b64decode(header[6:]).decode().partition(":")
        return user, password


@cache
def recordings() -> tuple[Recording, ...]:
    """Return every recorded request and answer of REST, errors and authentication."""
    paths = [p for folder in ("rest", "errors", "auth") for p in sorted((RECORDINGS / folder).glob("*.json"))]
    return tuple(Recording(path) for path in paths)


@cache
def keys() -> tuple[ApiKey, ...]:
    """Return the keys of the throw-away store, as its recordings used them."""
    found: dict[str, ApiKey] = {}
    for recording in recordings():
        pair = recording.basic()
        if pair and pair[0].startswith("ck_") and recording.name != "errors/401_bad_key":
            kind = "read_write"
            if "readonly" in recording.name:
                kind = "read"
            if "writeonly" in recording.name:
                kind = "write"
            if pair[0] not in found:
                found[pair[0]] = ApiKey(pair[0], pair[1], kind)  # type: ignore[arg-type]
    return tuple(found.values())


@cache
def _store() -> Shop:
    return Shop.load(RECORDINGS / "store")


def shop_before(recording: Recording) -> Shop:
    """Return the shop in the state that the recording was made in, as far as the files tell."""
    shop = Shop()
    for kind, table in _store().tables.items():
        shop.fill(kind, list(table))
    shop.clock.stop_at(recording.at)
    gmt = datetime.fromtimestamp(recording.at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if recording.method in ("GET", "HEAD") or recording.status == 201:
        for table in (shop.orders, shop.products):
            for row in list(table):
                if row["date_created_gmt"] > gmt:
                    table.drop(row["id"])
    order_id = re.findall(r"/orders/(\d+)/", recording.path)
    if order_id:
        _parent_order(shop, int(order_id[0]))
    _seed(shop, recording)
    if isinstance(recording.answer, list) and recording.kind == "orders":
        _same_stretch(shop, recording)
    return shop


def _rows(answer: Any) -> Iterator[dict[str, Any]]:
    if isinstance(answer, list):
        for item in answer:
            yield from _rows(item)
    elif isinstance(answer, dict) and isinstance(answer.get("update"), list):
        yield from _rows(answer["update"])
    elif isinstance(answer, dict) and answer.get("id"):
        yield answer


def _seed(shop: Shop, recording: Recording) -> None:
    """Put the recorded rows into the shop (reads, updates) or set the counters (creations)."""
    kind = recording.kind
    draft = recording.answer.get("data") if isinstance(recording.answer, dict) else None
    if isinstance(draft, dict) and "new_draft_order_id" in draft:
        shop.set_next("post", draft["new_draft_order_id"])
    if recording.status == 201:
        _count(shop, recording)
        return
    if "/webhooks/" in recording.path or kind is None or recording.status >= 400:
        return
    for row in _rows(recording.answer):
        if "date_created_gmt" not in row:
            _few_fields(shop, row)
            continue
        held = {k: v for k, v in row.items() if k not in ("_links", "permalink_template", "generated_slug")}
        table = kind
        if held.get("type") == "variation":
            table = "variations"
            if kind == "products":
                held = {
                    **(shop.variations.get(row["id"]) or held),
                    "date_modified": row["date_modified"],
                    "date_modified_gmt": row["date_modified_gmt"],
                    "stock_quantity": row["stock_quantity"],
                }
        if kind == "refunds":
            _with_refund(shop, held, int(re.findall(r"/orders/(\d+)/", recording.path)[0]))
        _strip(held)
        shop.tables[table].put(held)


def _strip(row: dict[str, Any]) -> None:
    for name in ("payment_url", "permalink"):
        if "://" in str(row.get(name)):
            row[name] = "/" + row[name].split("://", 1)[1].partition("/")[2]


def _parent_order(shop: Shop, order_id: int) -> None:
    """Put the order of a nested path into the shop: as recorded elsewhere, else a copy of another."""
    named = {2926: "rest/order_after_line_refund", 717: "rest/order_single"}.get(order_id)
    row = next((r.answer for r in recordings() if r.name == named), None) or shop.orders.rows[718]
    row = {**copy.deepcopy(row), "id": order_id, "refunds": []}
    row.pop("_links", None)
    for line in row["line_items"]:
        line["meta_data"] = [m for m in line["meta_data"] if not m["key"].startswith("_")]
    _strip(row)
    shop.orders.put(row)


def _few_fields(shop: Shop, row: dict[str, Any]) -> None:
    if "date_modified_gmt" in row:
        like = copy.deepcopy(next(iter(shop.orders)))
        shop.orders.put({**like, **row, "date_created_gmt": row["date_modified_gmt"]})


def _same_stretch(shop: Shop, recording: Recording) -> None:
    """Take away what the shop's files have between and before the recorded rows, but for the offset asked."""
    rows = [row for row in recording.answer if "date_created_gmt" in row]
    if not rows or "dates_are_gmt" in recording.query:
        return
    wanted = {row["id"] for row in rows}
    first, last = (rows[0]["date_created_gmt"], rows[0]["id"]), (rows[-1]["date_created_gmt"], rows[-1]["id"])
    seen = [o for o in shop.orders if o["status"] not in ("trash", "checkout-draft") and o["id"] not in wanted]
    newer = [o["id"] for o in seen if (o["date_created_gmt"], o["id"]) > first]
    offset = int(query_of(recording).get("offset", 0))
    within = [o["id"] for o in seen if last < (o["date_created_gmt"], o["id"]) <= first]
    for number in range(offset - len(newer)):
        like = copy.deepcopy(shop.orders.rows[rows[0]["id"]])
        shop.orders.put({**like, "id": 900_000 + number})
    for order_id in [*newer[offset:], *within] if offset else within:
        shop.orders.drop(order_id)


def _with_refund(shop: Shop, refund: dict[str, Any], order_id: int) -> None:
    refund["order_id"] = order_id
    order = shop.orders.rows[order_id]
    mark = {"id": refund["id"], "reason": refund["reason"], "total": f"-{refund['amount']}", "total_tax": "0.00"}
    shop.orders.put({**order, "refunds": [*order["refunds"], mark]})


def _count(shop: Shop, recording: Recording) -> None:
    row = recording.answer
    counter = "webhook" if "webhooks" in recording.path else "note" if "notes" in recording.path else "post"
    shop.set_next(counter, row["id"])
    for name, part in (("item", "line_items"), ("meta", "meta_data")):
        if row.get(part):
            shop.set_next(name, row[part][0]["id"])
    if recording.kind == "refunds":
        for line in row["line_items"]:
            shop.set_next("item_meta", line["meta_data"][0]["id"])
        return
    for line in row.get("line_items") or ():
        product = shop.products.get(line["product_id"])
        if product:
            shop.products.put({**product, "name": line["name"], "price": line["subtotal"]})


async def answer_of(recording: Recording, shop: Shop) -> tuple[int, dict[str, str], Any]:
    """Return the sandbox's status, headers and body for a recorded request."""
    passwords = {"admin": ""}
    if recording.name == "auth/https_application_password_200":
        user, password = recording.basic() or ("", "")
        passwords = {user: password}
    settings = Settings(
        keys=keys(),
        https=recording.https,
        host=HOST,
        title="Woo Test Store",
        application_passwords=passwords,
        webhook_timeout_s=2,
    )
    app = build(shop, settings)
    _hooks(app, recording)
    return await ask(app, recording)


def _hooks(app: Any, recording: Recording) -> None:
    """Register the webhook that a recorded answer shows, as it was just before."""
    row = recording.answer
    if not re.search(r"/webhooks/\d+$", recording.path):
        return
    status = "disabled" if recording.name.endswith("reactivate_put") else row["status"]
    fields = ("date_created", "date_created_gmt", "date_modified", "date_modified_gmt")
    hook = Webhook(row["id"], row["name"], status, row["topic"], row["delivery_url"], "s", *(row[n] for n in fields))
    app.app.hooks.rows[hook.id] = hook


async def ask(app: Any, recording: Recording) -> tuple[int, dict[str, str], Any]:
    """Send one recorded request to an application."""
    scope = {
        "type": "http",
        "method": recording.method,
        "path": recording.path,
        "query_string": recording.query.encode(),
        "headers": [(n.encode(), v.encode()) for n, v in recording.headers],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": recording.body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {n.decode().lower(): v.decode() for n, v in sent[0]["headers"]}
    body = sent[1]["body"]
    return sent[0]["status"], headers, orjson.loads(body) if body else None


def differences(recording: Recording, got: tuple[int, dict[str, str], Any]) -> list[str]:
    """Return what differs, one line each."""
    status, headers, body = got
    out = [] if status == recording.status else [f"status {status} for {recording.status}"]
    theirs = {n: v for n, v in recording.answer_headers.items() if n not in SERVER}
    ours = {n: v for n, v in headers.items() if n not in SERVER}
    out += [f"header {name} is missing" for name in theirs if name not in ours]
    out += [f"header {name} is ours alone" for name in ours if name not in theirs]
    for name, value in theirs.items():
        if name in ours and not _same_header(recording, name, value, ours[name]):
            out.append(f"header {name}: {ours[name]} for {value}")
    return out + list(_compare(recording.answer, body, ""))


def _same_header(recording: Recording, name: str, theirs: str, ours: str) -> bool:
    if recording.kind in PARTIAL and name in ("x-wp-total", "x-wp-totalpages") and theirs not in ("0", "1"):
        return ours.isdigit() and ours != "0"
    if recording.kind in PARTIAL and name == "link" and 'rel="next"' in theirs and 'rel="next"' not in ours:
        return True
    return theirs == ours


def _compare(theirs: Any, ours: Any, at: str) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(theirs) != list(ours):
            yield (
                f"keys at {at or '/'}: missing {sorted(set(theirs) - set(ours))[:8]}, "
                f"ours alone {sorted(set(ours) - set(theirs))[:8]}"
            )
        for key in theirs:
            if key in ours and key not in VOLATILE:
                yield from _compare(theirs[key], ours[key], f"{at}/{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"length at {at or '/'}: {len(ours)} for {len(theirs)}"
        for i, (a, b) in enumerate(zip(theirs, ours, strict=False)):
            yield from _compare(a, b, f"{at}/{i}")
    elif type(theirs) is not type(ours):
        yield f"type at {at}: {str(ours)[:40]!r} for {str(theirs)[:40]!r}"
    elif theirs != ours and not _moments_apart(theirs, ours):
        yield f"value at {at}: {str(ours)[:60]!r} for {str(theirs)[:60]!r}"


def _moments_apart(theirs: Any, ours: Any) -> bool:
    """Whether both are dates at most two seconds apart: a recorded batch took longer than its answer's Date says."""
    try:
        a, b = datetime.fromisoformat(theirs), datetime.fromisoformat(ours)
    except (TypeError, ValueError):
        return False
    return abs((a - b).total_seconds()) <= 2


def query_of(recording: Recording) -> dict[str, str]:
    """Return a recording's query."""
    return dict(parse_qsl(recording.query))
