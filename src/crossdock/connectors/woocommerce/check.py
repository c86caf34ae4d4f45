"""Trying a shop's connection: says apart what can be wrong, changes nothing there.

Few questions are asked of a healthy shop: WordPress's index without keys, one order's id with them, the system status
and the settings of taxes. Recorded facts used here: an unknown key and keys that never arrived give the same 401
``woocommerce_rest_cannot_view``; a wrong secret, a late clock, a read-only and a write-only key all give
``woocommerce_rest_authentication_error`` and differ in the message alone; creating a webhook with a topic that does
not exist is refused (400) before anything is stored, and a read-only key is refused (401) before that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from crossdock.connect.client import CallFailed, FailKind, Reply, VendorClient
from crossdock.connect.connector import Access, CheckResult
from crossdock.connectors.woocommerce import site
from crossdock.connectors.woocommerce.replies import date_of, document_of, error_of
from crossdock.kit import site_address

_ORDERS: Final = "/wc/v3/orders"
_ONE: Final = {"per_page": "1", "_fields": "id"}
_FAR_S: Final = 14 * 60
"""OAuth 1.0a takes 15 minutes either way (13 min taken, 16.7 min refused)."""
_NEAR_S: Final = 60
_OLDEST: Final = 5008
"""WooCommerce 5.8 brought ``modified_after``."""
_REST_KEYS: Final = "WooCommerce > Settings > Advanced > REST API"

_TAX: Final = {
    "woocommerce_calc_taxes": "calc_taxes",
    "woocommerce_prices_include_tax": "prices_include_tax",
    "woocommerce_tax_round_at_subtotal": "round_at_subtotal",
}

_SETTLED_FOR: Final = timedelta(hours=6)
"""Settings of taxes hardly ever change: a look takes what was read within this time."""

_FAILED: Final = {
    FailKind.DNS: ("unknown-host", "look for a typing error in the address"),
    FailKind.TLS: ("tls", "the shop's certificate has to be repaired by its host; http:// is no way around it"),
    FailKind.REFUSED: ("unreachable", "look whether the shop is up, and whether a firewall keeps the hub out"),
    FailKind.TIMEOUT: ("timeout", "look whether the shop is up, and whether a firewall keeps the hub out"),
    FailKind.EGRESS: ("egress", ""),
    FailKind.CUT: ("unreachable", "look whether a firewall in front of the shop cuts connections"),
}


class _Stop(Exception):
    """The diagnosis is made."""

    def __init__(self, code: str, problem: str, remedy: str) -> None:
        super().__init__(code)
        self.code, self.problem, self.remedy = code, problem, remedy


class Diagnosis:
    """One try. ``vendor_at(base URL, auth kind)`` makes a client; kind ``none`` sends no keys."""

    def __init__(self, access: Access, vendor_at: Callable[[str, str], VendorClient]) -> None:
        self._access = access
        self._config = access.connection.config
        self._vendor_at = vendor_at
        self._account: dict[str, Any] = {}
        self._warnings: list[str] = []
        self._site = ""
        self.ahead_s: float | None = None
        """How far the shop's clock is ahead of ours, once it has answered."""

    async def result(self, *, lightly: bool = False) -> CheckResult:
        """Return what is wrong, or the shop's facts: version, currency, time_zone, gmt_offset, hpos, site_url, name.

        ``lightly`` leaves out settings of taxes that were read within six hours: five requests instead of seven.
        """
        try:
            self._site = self._address()
            await self._find_rest()
            await self._try_keys()
            await self._read_facts()
            if not (lightly and self._knows_tax()):
                await self._read_tax()
            await self._try_writing()
        except _Stop as stop:
            return CheckResult(False, stop.problem, stop.remedy, stop.code, account=self._account)
        except CallFailed as problem:
            code, remedy = _FAILED.get(problem.kind, ("unreachable", "try again later"))
            return CheckResult(False, problem.reason, problem.remedy or remedy, code, account=self._account)
        uid = site_address.account_uid(str(self._account["site_url"]))
        return CheckResult(True, account=self._account, account_uid=uid, warnings=tuple(self._warnings))

    def _address(self) -> str:
        try:
            return site_address.site_url(str(self._config.get("url", "")))
        except ValueError:
            raise _Stop("wrong-url", "this is no web address", "give it as https://shop.example") from None

    # WordPress's index, without keys

    async def _find_rest(self) -> None:
        base = site.rest_base(self._config, {})
        index = await self._index(base)
        if index is None and base == site.REST_BASE:
            index = await self._index(site.PLAIN_REST_BASE)
            if index is not None:
                self._account["rest_base"] = site.PLAIN_REST_BASE
                self._warnings.append("the server does not rewrite addresses; /index.php/wp-json is used instead")
        if index is None:
            raise await self._no_index()
        self._learn(index)

    async def _index(self, base: str) -> dict[str, Any] | None:
        """Return the index at a base; None when there is none. Stops for what is wrong for sure."""
        asked = self._site + base
        reply = await self._vendor_at(asked, "none").request("GET", "/")
        if site.same_place(asked, reply):
            # some servers want no slash at the end
            reply = await self._vendor_at(self._site, "none").request("GET", base)
        if reply.redirected and site_address.site_pointed_to(reply.headers.get("Location", "")) == self._site:
            # with plain permalinks WordPress sends index.php/wp-json to wp-json, which is its start page (seen);
            # behind a server that hides the port from it, it sends every address it does not know in circles (seen)
            return None
        self._stop_if_moved(reply)
        document = document_of(reply)
        if reply.ok and isinstance(document, dict) and "namespaces" in document:
            self._compare_clocks(reply)
            return document
        self._stop_if_blocked(reply)
        if reply.ok and b'"namespaces"' in reply.body:
            raise _Stop(*_NOT_JSON)
        return None

    async def _no_index(self) -> _Stop:
        """Tell a site with plain permalinks from one that is no WordPress at all."""
        reply = await self._vendor_at(self._site, "none").request("GET", "/", params={"rest_route": "/"})
        document = document_of(reply)
        if isinstance(document, dict) and "namespaces" in document:
            home = str(document.get("home") or self._site)
            # WordPress takes rest_route below any path
            if site_address.account_uid(home) != site_address.account_uid(self._site):
                return _Stop("wrong-url", f"the site's own address is {home}", f"give {home} as the address")
            return _Stop(
                "permalinks-off",
                "the site answers its REST API only as ?rest_route=, which does not take WooCommerce's keys",
                "choose any structure but Plain in WordPress > Settings > Permalinks",
            )
        return _Stop(
            "wrong-url",
            f"there is no WordPress REST API at this address (status {reply.status})",
            "give the address of the shop's start page, with its folder if it lives in one",
        )

    def _learn(self, index: dict[str, Any]) -> None:
        if "wc/v3" not in (index.get("namespaces") or []):
            raise _Stop(
                "no-woocommerce",
                "this WordPress site has no WooCommerce REST API",
                "activate WooCommerce, or give the shop's own address",
            )
        home = str(index.get("home") or "")
        self._account |= {
            "name": str(index.get("name") or ""),
            "site_url": home if home.startswith(("http://", "https://")) else self._site,
            "time_zone": str(index.get("timezone_string") or ""),
            "gmt_offset": index.get("gmt_offset") if isinstance(index.get("gmt_offset"), int | float) else 0,
        }
        if self._site.startswith("http://"):
            self._warnings.append("the shop is read over plain http: everybody on the way can read along")

    def _stop_if_moved(self, reply: Reply) -> None:
        if reply.redirected:
            known = site_address.site_pointed_to(reply.headers.get("Location", ""))
            remedy = f"give {known} as the address" if known else "give the address the shop itself uses"
            raise _Stop("moved", f"the address points elsewhere (status {reply.status})", remedy)

    def _stop_if_blocked(self, reply: Reply) -> None:
        code, _ = error_of(reply)
        if reply.status == 429:
            raise _Stop("throttled", "the shop's host limits requests", "try again in some minutes")
        if reply.status in (401, 403, 406) or (code.startswith("rest_") and code != "rest_no_route"):
            raise _Stop(
                "rest-blocked",
                f"something in front of the REST API refuses us (status {reply.status})",
                "let the hub's address through in the firewall or security plugin, and leave the REST API switched on",
            )
        if reply.status == 503 and _in_maintenance(reply):
            raise _Stop(
                "maintenance",
                "the shop is in maintenance mode",
                "wait for its update to end; if it lasts, delete the file .maintenance in the shop's folder",
            )
        if reply.status >= 500:
            raise _Stop(
                "shop-down",
                f"the shop's server is in trouble (status {reply.status})",
                "look at the shop itself first; its error log says more",
            )

    def _compare_clocks(self, reply: Reply) -> None:
        theirs = date_of(reply)
        if theirs is None:
            return
        self.ahead_s = (theirs - self._access.clock.now()).total_seconds()
        # the watch may have found the difference already: signatures are made by the shop's clock then
        apart = abs(self.ahead_s - site.clock_ahead_s(self._access.connection.account))
        if apart > _FAR_S and self._site.startswith("http://"):
            raise _Stop(
                "clock-skew",
                f"the shop's clock and the hub's are {apart / 60:.0f} minutes apart; signatures are taken for 15",
                "set both machines' clocks by NTP",
            )
        if apart > _NEAR_S:
            self._warnings.append(f"the shop's clock and the hub's are {apart:.0f} seconds apart")

    # one order's id, with keys

    def _base(self) -> str:
        return self._site + site.rest_base(self._config, self._account)

    def _vendor(self) -> VendorClient:
        try:
            return self._vendor_at(self._base(), site.auth_kind(self._site, self._config, self._account))
        except ValueError:
            raise _Stop("wrong-keys", "the consumer key or secret is missing or cannot be sent", _keys()) from None

    async def _try_keys(self) -> None:
        reply = await self._vendor().request("GET", _ORDERS, params=_ONE)
        if self._may_be_stripped(reply):
            other = await self._vendor_at(self._base(), "query").request("GET", _ORDERS, params=_ONE)
            if other.ok:
                self._account["auth"] = "query"
                self._warnings.append(
                    "the server strips the Authorization header, so the keys are sent in the address; "
                    "they may end up in its access log"
                )
                reply = other
        self._stop_if_moved(reply)
        if not reply.ok:
            raise self._refused(reply)
        if not isinstance(document_of(reply), list):
            raise _Stop(*_NOT_JSON)

    def _may_be_stripped(self, reply: Reply) -> bool:
        chosen = str(self._config.get("auth") or "auto")
        return reply.status == 401 and chosen == "auto" and self._site.startswith("https://")

    def _refused(self, reply: Reply) -> _Stop:
        code, message = error_of(reply)
        said = message.lower()
        if code == "woocommerce_rest_authentication_error":
            for word, told in _BY_MESSAGE:
                if word in said:
                    return self._signature() if word == "signature" else _Stop(*told)
        if reply.status == 401 and code.startswith("woocommerce_rest_"):
            return _Stop("wrong-keys", "the shop does not accept the keys", _keys())
        if reply.status == 403 and code.startswith("woocommerce_rest_"):
            return _Stop(
                "no-permission",
                "the user the keys belong to may not read orders",
                f"make the keys for a shop manager or administrator in {_REST_KEYS}",
            )
        try:
            self._stop_if_blocked(reply)
        except _Stop as stop:
            return stop
        return _Stop("refused", f"the shop refuses to list orders (status {reply.status})", "look at its error log")

    def _signature(self) -> _Stop:
        """Tell a wrong secret from an address that is not the shop's own: only the latter is part of a signature."""
        home = str(self._account.get("site_url") or "")
        if site_address.account_uid(home) != site_address.account_uid(self._site):
            return _Stop("signature", f"the shop calls itself {home}, and signs so", f"give {home} as the address")
        return _Stop("signature", "the shop computes another signature: the consumer secret is wrong", _keys())

    # facts and leave to write

    async def _read_facts(self) -> None:
        reply = await self._vendor().request("GET", "/wc/v3/system_status", params={"_fields": "environment,settings"})
        status = document_of(reply) if reply.ok else None
        if not isinstance(status, dict):
            self._warnings.append("the shop does not tell its version and settings to these keys")
            await self._read_currency()
            return
        environment, settings = _object(status, "environment"), _object(status, "settings")
        self._account |= {
            "version": str(environment.get("version") or ""),
            "wordpress": str(environment.get("wp_version") or ""),
            "php": str(environment.get("php_version") or ""),
            "currency": str(settings.get("currency") or ""),
        }
        decimals = settings.get("number_of_decimals")
        if isinstance(decimals, int) and not isinstance(decimals, bool):
            self._account["price_decimals"] = decimals
        if 0 < _number(self._account["version"]) < _OLDEST:
            raise _Stop(
                "too-old",
                f"WooCommerce {self._account['version']} cannot list what changed since a time",
                "update WooCommerce to 5.8 or newer",
            )
        if isinstance(settings.get("HPOS_enabled"), bool):
            self._account["hpos"] = settings["HPOS_enabled"]
        if not self._account["currency"]:
            await self._read_currency()

    def _knows_tax(self) -> bool:
        try:
            read_at = datetime.fromisoformat(str(self._access.connection.account.get("settings_at")))
            return timedelta() <= self._access.clock.now() - read_at < _SETTLED_FOR
        except (ValueError, TypeError):
            return False

    async def _read_tax(self) -> None:
        """Learn how the shop rounds; keys that may not see its settings leave that unknown."""
        self._account["settings_at"] = self._access.clock.now().isoformat(timespec="seconds")
        for group in ("general", "tax"):
            reply = await self._vendor().request("GET", f"/wc/v3/settings/{group}", params={"_fields": "id,value"})
            rows = document_of(reply) if reply.ok else None
            for row in rows if isinstance(rows, list) else ():
                name = _TAX.get(str(row.get("id"))) if isinstance(row, dict) else None
                if name is not None and row.get("value") in ("yes", "no"):
                    self._account[name] = row["value"] == "yes"

    async def _read_currency(self) -> None:
        reply = await self._vendor().request("GET", "/wc/v3/data/currencies/current")
        currency = document_of(reply) if reply.ok else None
        self._account.setdefault("version", "")
        self._account["currency"] = str(currency.get("code") or "") if isinstance(currency, dict) else ""

    async def _try_writing(self) -> None:
        nonsense = {"name": "check", "topic": "crossdock.check", "delivery_url": "https://invalid.example/"}
        reply = await self._vendor().request("POST", "/wc/v3/webhooks", json=nonsense)
        code, _ = error_of(reply)
        if code == "woocommerce_rest_shop_webhook_invalid_topic":
            self._account["permissions"] = "read_write"
        elif reply.status in (401, 403):
            self._account["permissions"] = "read"
            self._warnings.append(
                "these keys may only read: webhooks cannot be registered, changes are found by pulling alone"
            )


def _in_maintenance(reply: Reply) -> bool:
    """Whether this is WordPress's own maintenance page, or a plugin's: a 503 that says so or sends its 600 seconds."""
    return reply.headers.get("Retry-After") == "600" or b"maintenance" in reply.body.lower()


def _object(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _number(version: str) -> int:
    """Return major and minor of ``11.0.1`` as 11000; 0 for what is no version."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return int(found[1]) * 1000 + int(found[2]) if found else 0


def _keys() -> str:
    return f"make new keys in {_REST_KEYS} and paste both whole"


_BY_MESSAGE: Final = (
    (
        "timestamp",
        ("clock-skew", "the shop's clock and the hub's are too far apart", "set both machines' clocks by NTP"),
    ),
    (
        "read permissions",
        ("write-only-keys", "these keys may only write", f"give them read permission in {_REST_KEYS}"),
    ),
    ("signature", ("signature", "", "")),
)
_NOT_JSON: Final = (
    "not-json",
    "the shop answers a web page or broken text instead of JSON",
    "look for a maintenance page, a firewall's captcha or a plugin that prints warnings",
)
