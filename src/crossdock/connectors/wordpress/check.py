"""Trying a site: says apart what can be wrong between the hub and its plugin, and changes nothing there.

One signed question of the plugin's status, and one of WordPress's own index, which needs no key. Where the plugin does
not answer, the index says why: a site whose REST API works has no plugin (or an old one), one whose does not has a
firewall, plain permalinks, or is no WordPress.
"""

from __future__ import annotations

from typing import Any, Final

from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connect.connector import Access, CheckResult
from crossdock.connectors.wordpress import routes
from crossdock.connectors.wordpress.client import UNPAIRED, SiteClient
from crossdock.connectors.wordpress.replies import data_of, document_of, error_of, time_of
from crossdock.connectors.wordpress.routes import Rest
from crossdock.kit.site_address import account_uid, site_pointed_to, site_url

_NEAR_S: Final = 60
_PAIR: Final = "make a pairing code and paste it into the plugin: crossdock plugin pair"
_FACTS: Final = {
    "instance": "instance",
    "name": "name",
    "site_url": "url",
    "wordpress": "wordpress",
    "php": "php",
    "plugin": "plugin",
    "woocommerce": "woocommerce",
    "currency": "currency",
    "time_zone": "time_zone",
    "hpos": "hpos",
    "environment": "environment",
}
"""Name in the account's facts -> name in what the site says of itself."""
_FAILED: Final = {
    FailKind.DNS: ("unknown-host", "look for a typing error in the address"),
    FailKind.TLS: ("tls", "the site's certificate has to be repaired by its host; http:// is no way around it"),
    FailKind.REFUSED: ("unreachable", "look whether the site is up, and whether a firewall keeps the hub out"),
    FailKind.TIMEOUT: ("timeout", "look whether the site is up, and whether a firewall keeps the hub out"),
    FailKind.EGRESS: ("egress", ""),
    FailKind.CUT: ("unreachable", "look whether a firewall in front of the site cuts connections"),
}
_BY_CODE: Final = {
    "unpaired": ("unpaired", "the plugin has forgotten its pairing", _PAIR),
    "unknown-key": ("unknown-key", "the site does not know its key any more", _PAIR),
    "bad-signature": ("bad-signature", "the site computes another signature: its secret is another one", _PAIR),
    "nonce-replayed": (
        "nonce-replayed",
        "the site has seen this very request before",
        "look for a proxy or a cache in front of the site that repeats requests",
    ),
    "another-site": ("another-site", "another site answers at this address", "pair the site that lives there now"),
}


class _Stop(Exception):
    """The diagnosis is made."""

    def __init__(self, code: str, problem: str, remedy: str) -> None:
        super().__init__(code)
        self.code, self.problem, self.remedy = code, problem, remedy


class Diagnosis:
    """One try."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._connection = access.connection
        self._client = SiteClient(access)
        self._account: dict[str, Any] = {}
        self._warnings: list[str] = []
        self.told: dict[str, Any] = {}
        """What the plugin says of its queue, once it has answered."""
        self.ahead_s: float | None = None
        """How far the site's clock is ahead of ours, once it has answered."""

    async def result(self) -> CheckResult:
        """Return what is wrong, or the site's facts: name, site_url, rest_url, versions, currency, time_zone."""
        try:
            return await self._tried()
        except _Stop as stop:
            return CheckResult(False, stop.problem, stop.remedy, stop.code, account=self._account)
        except CallFailed as problem:
            code, remedy = _FAILED.get(problem.kind, ("unreachable", "try again later"))
            return CheckResult(False, problem.reason, problem.remedy or remedy, code, account=self._account)

    async def _tried(self) -> CheckResult:
        rest = self._place()
        if not self._client.paired:
            raise _Stop("not-paired", UNPAIRED, _PAIR)
        reply = await self._client.ask_status(rest)
        if _astray(reply):
            rest, reply = await self._elsewhere(rest, reply)
        self._stop_if_wrong(reply)
        await self._learn(rest, reply)
        # what works counts: behind a proxy a site may name itself wrongly
        self._account["rest_url"] = rest.url
        return CheckResult(
            True,
            account=self._account,
            account_uid=account_uid(str(self._account["site_url"])),
            warnings=tuple(self._warnings),
        )

    def _place(self) -> Rest:
        try:
            return routes.known(self._connection.config, self._connection.account)
        except ValueError:
            raise _Stop("wrong-url", "this is no web address", "give it as https://site.example") from None

    async def _elsewhere(self, tried: Rest, first: Reply) -> tuple[Rest, Reply]:
        """Ask at the other places where WordPress may answer; what the plugin itself answers ends the search."""
        indexed = await self._is_wordpress(tried)
        for rest in routes.others(self._connection.config, tried):
            reply = await self._client.ask_status(rest)
            if not _astray(reply) and isinstance(document_of(reply), dict):
                if rest.plain:
                    self._warnings.append("the site answers its REST API only as ?rest_route=; that is used")
                return rest, reply
            indexed = indexed or await self._is_wordpress(rest)
        if indexed:
            raise _Stop(
                "plugin-missing",
                "the site is a WordPress, but the plugin does not answer",
                "install and activate Crossdock in WordPress > Plugins, and update it if it is older than 1.0",
            )
        if first.redirected:
            return tried, first
        raise _Stop(
            "wrong-url",
            f"there is no WordPress REST API at this address (status {first.status})",
            "give the address of the site's start page, with its folder if it lives in one; a plugin that switches the "
            "REST API off has to let /wp-json/crossdock/ through",
        )

    async def _is_wordpress(self, rest: Rest) -> bool:
        reply = await self._client.ask_index(rest)
        document = document_of(reply)
        return reply.ok and isinstance(document, dict) and "namespaces" in document

    def _stop_if_wrong(self, reply: Reply) -> None:
        self._compare_clocks(reply)
        code, _ = error_of(reply)
        if reply.redirected:
            known = site_pointed_to(reply.headers.get("Location", ""))
            remedy = f"give {known} as the address" if known else "give the address the site itself uses"
            raise _Stop("moved", f"the address points elsewhere (status {reply.status})", remedy)
        if code == "clock-skew":
            apart = f"{abs(self.ahead_s) / 60:.0f} minutes" if self.ahead_s is not None else "more than 5 minutes"
            raise _Stop(
                "clock-skew", f"the site's clock and the hub's are {apart} apart", "set both machines' clocks by NTP"
            )
        if code in _BY_CODE:
            raise _Stop(*_BY_CODE[code])
        self._stop_if_blocked(reply)
        if not reply.ok:
            raise _Stop("refused", f"the site refuses to tell its status ({reply.status})", "look at its error log")
        if data_of(reply) is None:
            raise _Stop(
                "not-json",
                "the site answers a web page or broken text instead of JSON",
                "look for a firewall's captcha, a page cache or a plugin that prints warnings; leave /wp-json/ out of "
                "every cache",
            )

    def _stop_if_blocked(self, reply: Reply) -> None:
        if reply.status == 429:
            raise _Stop("throttled", "the site's host limits requests", "try again in some minutes")
        if reply.status == 401:
            raise _Stop(
                "password",
                "something in front of the site asks for a password",
                "let the hub through without it: /wp-json/crossdock/ is signed",
            )
        if reply.status in (403, 405, 406):
            raise _Stop(
                "rest-blocked",
                f"something in front of the REST API refuses us (status {reply.status})",
                "let the hub's address through to /wp-json/crossdock/ in the firewall or security plugin",
            )
        if reply.status == 503 and _in_maintenance(reply):
            raise _Stop(
                "maintenance",
                "the site is in maintenance mode",
                "wait for its update to end; if it lasts, delete the file .maintenance in the site's folder",
            )
        if reply.status >= 500:
            raise _Stop(
                "site-down",
                f"the site's server is in trouble (status {reply.status})",
                "look at the site itself first; its error log says more",
            )

    def _compare_clocks(self, reply: Reply) -> None:
        theirs = time_of(reply)
        if theirs is None:
            return
        self.ahead_s = (theirs - self._access.clock.now()).total_seconds()
        apart = abs(self.ahead_s)
        if apart > _NEAR_S:
            self._warnings.append(f"the site's clock and the hub's are {apart:.0f} seconds apart")

    async def _learn(self, rest: Rest, reply: Reply) -> None:
        self.told = data_of(reply) or {}
        index = document_of(await self._client.ask_index(rest))
        for facts in (_of_index(index), self.told.get("versions"), self.told.get("site")):
            said = facts if isinstance(facts, dict) else {}
            found = {ours: said.get(theirs) for ours, theirs in _FACTS.items()}
            self._account |= {name: value for name, value in found.items() if value not in (None, "")}
        if not self._account.get("site_url"):
            self._account["site_url"] = site_url(str(self._connection.config.get("url", "")))
        self._stop_if_other(self._account)
        if str(self._account["site_url"]).startswith("http://"):
            self._warnings.append("the site is called over plain http: everybody on the way can read along")

    def _stop_if_other(self, facts: dict[str, Any]) -> None:
        """A copy of a site keeps its key: it is known by the instance it was given, or by another address."""
        known = self._connection.account
        told, ours = str(facts.get("instance") or ""), str(known.get("instance") or "")
        theirs, home = str(facts["site_url"]), str(known.get("site_url") or "")
        if (told and ours and told != ours) or (home and account_uid(home) != account_uid(theirs)):
            raise _Stop(
                "another-site",
                f"the site that answers is not the one that was paired; it calls itself {theirs}",
                "a copy (staging) is paired on its own; if the site has moved, pair it anew at its new address",
            )


def _of_index(index: Any) -> dict[str, Any]:
    """Return what WordPress's own index says, by the plugin's names."""
    if not isinstance(index, dict):
        return {}
    home = str(index.get("home") or "")
    return {
        "name": str(index.get("name") or ""),
        "url": home if home.startswith(("http://", "https://")) else "",
        "time_zone": str(index.get("timezone_string") or ""),
    }


def _astray(reply: Reply) -> bool:
    """Whether an answer says that the route is not there, or not asked for in the way this site wants."""
    return reply.status == 404 or (reply.redirected and not site_pointed_to(reply.headers.get("Location", "")))


def _in_maintenance(reply: Reply) -> bool:
    """Whether this is WordPress's own maintenance page, or a plugin's: a 503 that says so or sends its 600 seconds."""
    return reply.headers.get("Retry-After") == "600" or b"maintenance" in reply.body.lower()
