"""Channels: where a tenant's alerts go. Passwords, keys and secret addresses are sealed and never shown again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import orjson

from crossdock.connect.auth import standard_webhooks
from crossdock.connect.egress import EgressRefused, Guard
from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.govern.alerts.mail import MailServer
from crossdock.govern.alerts.rules import kind_of
from crossdock.govern.routing import Store
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("notices.sql"))
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?\Z")
_PORTS = {"tls": 465, "starttls": 587, "none": 25}
_MOST_TO = 50


class NewChannel(msgspec.Struct, frozen=True):
    """A channel as it is asked for. ``form``: what its kind needs (see :data:`FORMS`)."""

    name: str
    kind: str
    form: Mapping[str, Any]
    enabled: bool = True
    least: str = "warning"
    kinds: tuple[str, ...] = ()
    report: bool = True


class Channel(msgspec.Struct, frozen=True):
    """A channel with its secrets. Its repr shows none."""

    name: str
    kind: str
    config: dict[str, Any]
    secrets: dict[str, str]

    def __repr__(self) -> str:
        return f"Channel({self.kind})"

    @property
    def server(self) -> MailServer:
        """Return the mail server of an e-mail channel."""
        named = {name: self.config[name] for name in ("host", "port", "security", "user")}
        return MailServer(**named, password=self.secrets.get("password", ""))


FORMS: Mapping[str, tuple[str, ...]] = {
    "email": ("host", "port", "security", "user", "password", "sender", "to"),
    "webhook": ("url", "secret"),
    "slack": ("url",),
}
"""The fields of each kind. Security is tls (port 465), starttls (587) or none (25)."""


class Channels:
    """Makes, changes, opens and drops channels."""

    def __init__(self, store: Store, vault: Vault, guard: Guard) -> None:
        self._store = store
        self._vault = vault
        self._guard = guard

    async def add(self, tenant_id: uuid.UUID, new: NewChannel, *, actor: str) -> dict[str, Any]:
        """Make a channel; a webhook's signing secret is in the answer, once. Raises ``BadInput`` or ``Conflict``."""
        config, secrets = self._sorted(new.kind, new.form, {}, {})
        name = show(Prefix.CHANNEL, channel_id := new_id())
        async with self._store.transaction() as conn:
            made = await conn.fetchval(
                SQL["add_channel"],
                channel_id,
                tenant_id,
                _named(new.name),
                new.kind,
                new.enabled,
                orjson.dumps(config).decode(),
                _least(new.least),
                [str(kind_of(one).kind) for one in new.kinds],
                new.report,
                self._vault.key_id,
                self._seal(channel_id, secrets),
            )
            if made is None:
                raise Conflict(f"there is a channel {new.name!r} already", field="name", remedy="choose another name")
            await audit(conn, tenant_id, actor, "alert_channel.add", name, {"kind": new.kind})
        shown = await self.one(tenant_id, channel_id)
        if new.kind == "webhook" and not new.form.get("secret"):
            shown["secret"] = secrets["secret"]
        return shown

    async def change(
        self, tenant_id: uuid.UUID, channel_id: uuid.UUID, given: Mapping[str, Any], *, actor: str
    ) -> dict[str, Any]:
        """Change what is given; the rest stays, secrets too. Raises ``BadInput``, ``NotFound`` or ``Conflict``."""
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["channel_for_change"], tenant_id, channel_id)
            if row is None:
                raise _absent()
            held = self._open(channel_id, row["sealed"])
            config, secrets = self._sorted(row["kind"], given.get("form", {}), orjson.loads(row["config"]), held)
            name = _named(given.get("name", row["name"]))
            taken = await conn.fetch(SQL["list_channels"], tenant_id, None, name)
            if any(one["id"] != channel_id for one in taken):
                raise Conflict(f"there is a channel {name!r} already", field="name", remedy="choose another name")
            await conn.execute(
                SQL["change_channel"],
                tenant_id,
                channel_id,
                name,
                given.get("enabled", row["enabled"]),
                orjson.dumps(config).decode(),
                _least(given.get("least", row["least"])),
                [str(kind_of(one).kind) for one in given.get("kinds", row["kinds"])],
                given.get("report", row["report"]),
                self._vault.key_id,
                self._seal(channel_id, secrets),
            )
            detail = {"fields": sorted(given), "form": sorted(given.get("form", {}))}
            shown = show(Prefix.CHANNEL, channel_id)
            await audit(conn, tenant_id, actor, "alert_channel.change", shown, detail)
        return await self.one(tenant_id, channel_id)

    async def drop(self, tenant_id: uuid.UUID, channel_id: uuid.UUID, *, actor: str) -> None:
        """Drop a channel and what waits on it. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["drop_channel"], tenant_id, channel_id) is None:
                raise _absent()
            await audit(conn, tenant_id, actor, "alert_channel.drop", show(Prefix.CHANNEL, channel_id), {})

    async def listed(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return the channels without their secrets."""
        async with self._store.engine() as conn:
            return [_shown(row) for row in await conn.fetch(SQL["list_channels"], tenant_id, None, None)]

    async def one(self, tenant_id: uuid.UUID, channel_id: uuid.UUID) -> dict[str, Any]:
        """Return one channel without its secrets. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["list_channels"], tenant_id, channel_id, None)
        if row is None:
            raise _absent()
        return _shown(row)

    async def find(self, tenant_id: uuid.UUID, text: str) -> uuid.UUID:
        """Find a channel by id or name. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_channels"], tenant_id, None, None)
        for row in rows:
            if text in (row["name"], show(Prefix.CHANNEL, row["id"]), str(row["id"])):
                found: uuid.UUID = row["id"]
                return found
        raise _absent()

    async def notices(
        self, tenant_id: uuid.UUID, channel_id: uuid.UUID, before: uuid.UUID | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return what was said, or waits to be said, on a channel, the newest first."""
        last = before or uuid.UUID(int=(1 << 128) - 1)
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_notices"], tenant_id, channel_id, last, limit)
        return [{**dict(row), "id": show(Prefix.NOTICE, row["id"])} for row in rows]

    async def opened(self, tenant_id: uuid.UUID, channel_id: uuid.UUID) -> Channel:
        """Return a channel with its secrets. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["channel_for_send"], tenant_id, channel_id)
        if row is None:
            raise _absent()
        return Channel(row["name"], row["kind"], orjson.loads(row["config"]), self._open(row["id"], row["sealed"]))

    def _sorted(
        self, kind: str, form: Mapping[str, Any], config: Mapping[str, Any], secrets: Mapping[str, str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what may be shown and what may not, after every rule. Raises ``BadInput``."""
        if kind not in FORMS:
            raise BadInput(f"there is no channel of kind {kind!r}", field="kind", remedy=f"one of: {', '.join(FORMS)}")
        unknown = [name for name in form if name not in FORMS[kind]]
        if unknown:
            fields = ", ".join(FORMS[kind])
            raise BadInput(f"no field {unknown[0]!r}", field=f"form.{unknown[0]}", remedy=f"the fields are: {fields}")
        if kind == "email":
            return self._mail({**config, **form}, {**secrets, **_some(form, "password")})
        kept = {**secrets, **_some(form, "url", "secret")}
        self._check_url(kept.get("url", ""))
        if kind == "webhook":
            try:
                standard_webhooks.key_of(kept.setdefault("secret", standard_webhooks.new_secret()))
            except ValueError as wrong:
                raise BadInput(str(wrong), field="form.secret", remedy="leave it out: one is made") from None
        return {"host": urlsplit(kept["url"]).hostname}, kept

    def _mail(self, form: Mapping[str, Any], secrets: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        security = form.get("security", "starttls")
        if security not in _PORTS:
            raise BadInput("no such security", field="form.security", remedy=f"one of: {', '.join(_PORTS)}")
        host, user = str(form.get("host", "")), str(form.get("user") or "")
        if not _HOST.match(host):
            raise BadInput("no host name", field="form.host", remedy="write the mail server's name: smtp.example.com")
        port = form.get("port") or _PORTS[security]
        if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
            raise BadInput("a port is a number from 1 to 65535", field="form.port")
        if security == "none" and (user or self._guard.production):
            raise BadInput(
                "mail and passwords do not go out in the clear", field="form.security", remedy="use tls or starttls"
            )
        to = form.get("to", ())
        to = [to] if isinstance(to, str) else list(to)
        if not 0 < len(to) <= _MOST_TO:
            raise BadInput(f"1 to {_MOST_TO} recipients", field="form.to")
        for field, address in (("sender", form.get("sender", "")), *(("to", one) for one in to)):
            if not isinstance(address, str) or not _ADDRESS.match(address):
                raise BadInput("no e-mail address", field=f"form.{field}", remedy="write it as name@example.com")
        config = {"host": host, "port": port, "security": security, "user": user}
        return {**config, "sender": form["sender"], "to": to}, secrets if user else {}

    def _check_url(self, url: str) -> None:
        try:
            self._guard.check_url(url)
        except EgressRefused as refused:
            raise BadInput(refused.problem, field="form.url", remedy=refused.remedy) from None

    def _seal(self, channel_id: uuid.UUID, secrets: Mapping[str, str]) -> bytes:
        return self._vault.seal_secret(orjson.dumps(secrets).decode(), channel_row(channel_id))

    def _open(self, channel_id: uuid.UUID, sealed: bytes) -> dict[str, str]:
        secrets: dict[str, str] = orjson.loads(self._vault.open_secret(sealed, channel_row(channel_id)))
        return secrets


def channel_row(channel_id: uuid.UUID) -> bytes:
    """Return the name of the row a channel's seal is bound to."""
    return b"alert_channel:" + channel_id.bytes


def _some(form: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: str(form[name]) for name in names if form.get(name)}


def _named(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 100 or not name.isprintable():
        raise BadInput("no name", field="name", remedy="write 1 to 100 letters")
    return name.strip()


def _least(severity: Any) -> str:
    if severity not in ("error", "warning"):
        raise BadInput("no such severity", field="least", remedy="error or warning")
    return str(severity)


def _absent() -> NotFound:
    return NotFound("there is no such channel", remedy="list them with: crossdock alerts channels")


def _shown(row: Any) -> dict[str, Any]:
    facts = {**dict(row), "id": show(Prefix.CHANNEL, row["id"]), "config": orjson.loads(row["config"])}
    facts["state"] = "off" if not row["enabled"] else "failing" if row["failing_since"] else "works"
    return facts
