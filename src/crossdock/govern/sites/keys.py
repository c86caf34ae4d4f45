"""The keys of sites that run the plugin: made at pairing, known by their hash, counted in the database."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets as random_secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import orjson

from crossdock.connect.outpost import SECRETS
from crossdock.errors import AnotherSite, NonceReplayed, NotFound, RateLimited, UnknownKey
from crossdock.govern.sites.turning import HOME
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, show
from crossdock.kit.site_address import account_uid, same_address
from crossdock.kit.site_signing import WINDOW_S
from crossdock.model.seals import site_key_row
from crossdock.store.audit import audit
from crossdock.store.memory import Ear, Memory
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("sites.sql"))
KEY_PREFIX: Final = "cdk_"
SECRET_PREFIX: Final = "cds_"  # noqa: S105 - how a secret begins
NONCES_KEPT: Final = timedelta(seconds=3 * WINDOW_S)
"""Longer than a timestamp is believed: one from the future is good for twice the window."""
ITEMS_KEPT: Final = timedelta(days=7)
PAIRINGS_KEPT: Final = timedelta(days=30)
OUTPOST: Final = ("instance", "rest_url", "plugin")
"""Facts of a site that the hub needs to call it; no other connector has a word for them."""
ACCOUNT: Final = (*OUTPOST, "name", "wordpress", "php", "woocommerce", "currency", "time_zone", "hpos", "environment")
"""Facts of a site that the account of its own home is described by."""
_MOST: Final = 4096
_AT_ONCE: Final = 5_000
_ROUNDS: Final = 100
_LONGEST_KEY: Final = 200


class Store(Protocol):
    """The database, as the sites need it."""

    @property
    def ears(self) -> Ear:
        """What this process hears of changes."""
        ...

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...


class SiteKey(msgspec.Struct, frozen=True):
    """A key that lives, with the secret its requests are signed by. Its repr shows neither."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    connection_id: uuid.UUID
    name: str
    key_hash: bytes
    secret: str
    signature_required: bool
    per_minute: int
    site: dict[str, Any]
    """What the site said of itself last."""

    def __repr__(self) -> str:
        return f"SiteKey({self.id})"


class Allowance(msgspec.Struct, frozen=True):
    """What a key may still send in this minute."""

    limit: int
    remaining: int
    reset_s: int


class NewKey(msgspec.Struct, frozen=True):
    """A key and its secret as they are shown once. Its repr shows neither."""

    key: str
    secret: str

    def __repr__(self) -> str:
        return "NewKey()"

    @classmethod
    def make(cls) -> NewKey:
        """Draw both, of 256 bits each."""
        return cls(
            KEY_PREFIX + random_secrets.token_urlsafe(32),
            SECRET_PREFIX + random_secrets.token_urlsafe(32),
        )

    def sealed(self, vault: Vault, site_id: uuid.UUID) -> bytes:
        """Seal both into the row of a site: the hub calls it with them, too."""
        pair = dict(zip(SECRETS, (self.key, self.secret), strict=True))
        return vault.seal_secret(orjson.dumps(pair).decode(), site_key_row(site_id))


def opened(vault: Vault, site_id: uuid.UUID, sealed: bytes) -> NewKey:
    """Open what :meth:`NewKey.sealed` made."""
    pair = orjson.loads(vault.open_secret(sealed, site_key_row(site_id)))
    return NewKey(*(pair[name] for name in SECRETS))


def hash_of(text: str) -> bytes:
    """Return the SHA-256 of a key or code: it has 256 random bits, so that nothing slower is needed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class SiteKeys:
    """Looks keys up, counts their requests, lists and ends them. ``actor`` of every change stands in the audit."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._known: Memory[uuid.UUID, SiteKey] = Memory(store.ears, "site_key", uuid.UUID, _MOST)

    async def verify(self, key: str) -> SiteKey:
        """Return whose key this is. Raises ``UnknownKey``."""
        if not key.startswith(KEY_PREFIX) or len(key) > _LONGEST_KEY:
            raise unknown()
        digest = hash_of(key)
        found = await self._known.get(uuid.UUID(bytes=digest[:16]), lambda _: self._read(digest))
        if not hmac.compare_digest(found.key_hash, digest):
            raise unknown()
        return found

    async def _read(self, digest: bytes) -> SiteKey:
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["key"], digest)
        if row is None:
            raise unknown()
        return SiteKey(
            id=row["id"],
            tenant_id=row["tenant_id"],
            connection_id=row["connection_id"],
            name=row["name"],
            key_hash=row["key_hash"],
            secret=opened(self._vault, row["id"], row["sealed"]).secret,
            signature_required=row["signature_required"],
            per_minute=row["per_minute"],
            site=orjson.loads(row["site"]),
        )

    async def admit(self, key: SiteKey, nonce: str | None) -> Allowance:
        """Count a request whose signature was verified, and remember its nonce (None: it was not signed).

        One statement, and the only word on both: processes share it. Raises ``RateLimited``, ``NonceReplayed``, and
        ``UnknownKey`` where the key was revoked a moment ago.
        """
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["admit"], key.id, key.key_hash, nonce)
        if row is None:
            raise unknown()
        left = row["per_minute"] - row["window_count"]
        if left < 0:
            raise Limited(Allowance(row["per_minute"], 0, row["reset_s"]))
        if nonce is not None and not row["fresh"]:
            raise NonceReplayed(
                "this request was sent before: its nonce is used up",
                field="X-Crossdock-Nonce",
                remedy="draw a new nonce for every request, also for one that is sent again",
            )
        return Allowance(row["per_minute"], left, row["reset_s"])

    async def learn(self, key: SiteKey, site: Mapping[str, Any]) -> None:
        """Keep what a site says of itself, at most once a minute. Raises ``AnotherSite`` for a copy of it."""
        same_site(key, site.get("instance"), site.get("url"))
        if key.site == site:
            return
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["learn"], key.id, _json(site)) is not None:
                facts = (_json(account_of(site)), _json(account_of(site, OUTPOST)))
                await conn.execute(SQL["learn_account"], key.tenant_id, key.connection_id, *facts, HOME)

    async def list(self, tenant_id: uuid.UUID, *, revoked: bool = False) -> list[dict[str, Any]]:
        """Return a tenant's sites, without keys and secrets."""
        async with self._store.engine() as conn:
            return [shown(row) for row in await conn.fetch(SQL["list"], tenant_id, None, revoked)]

    async def one(self, tenant_id: uuid.UUID, site_id: uuid.UUID) -> dict[str, Any]:
        """Return a site, revoked ones too. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["list"], tenant_id, site_id, True)
        if row is None:
            raise _no_site()
        return shown(row)

    async def find(self, tenant_id: uuid.UUID, text: str) -> uuid.UUID:
        """Return the id of a site by id, address, name, or its connection's id or name. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list"], tenant_id, None, False)
        for row in rows:
            site = shown(row)
            names = (site["id"], site["name"], site["connection"]["id"], site["connection"]["name"])
            if text in names or same_address(text, site["url"]):
                found: uuid.UUID = row["id"]
                return found
        raise _no_site()

    async def revoke(self, tenant_id: uuid.UUID, site_id: uuid.UUID, *, actor: str) -> None:
        """End a key at once; its connection and records stay. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["revoke"], tenant_id, site_id) is None:
                raise _no_site()
            await audit(conn, tenant_id, actor, "site_key.revoke", site_id)

    async def rotate(self, tenant_id: uuid.UUID, site_id: uuid.UUID, *, actor: str) -> NewKey:
        """Replace key and secret of a site; the old ones end at once. Raises ``NotFound``."""
        made = NewKey.make()
        sealed = made.sealed(self._vault, site_id)
        async with self._store.transaction() as conn:
            values = (tenant_id, site_id, hash_of(made.key), self._vault.key_id, sealed)
            if await conn.fetchval(SQL["rotate"], *values) is None:
                raise _no_site()
            await audit(conn, tenant_id, actor, "site_key.rotate", site_id)
        return made

    async def change(
        self,
        tenant_id: uuid.UUID,
        site_id: uuid.UUID,
        *,
        signature_required: bool | None = None,
        per_minute: int | None = None,
        actor: str,
    ) -> None:
        """Say whether a key's requests have to be signed, and how many it may send a minute. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["require"], tenant_id, site_id, signature_required, per_minute) is None:
                raise _no_site()
            told = {"signature_required": signature_required, "per_minute": per_minute}
            await audit(conn, tenant_id, actor, "site_key.change", site_id, told)

    async def forget(self) -> None:
        """Forget nonces, items and pairings past their time."""
        async with self._store.engine() as conn:
            for chore, kept in (("forget_nonces", NONCES_KEPT), ("forget_items", ITEMS_KEPT)):
                for _ in range(_ROUNDS):
                    if await conn.fetchval(SQL[chore], kept, _AT_ONCE) < _AT_ONCE:
                        break
            await conn.execute(SQL["forget_pairings"], PAIRINGS_KEPT)


class Limited(RateLimited):
    """A key has used up its minute."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(f"this key may send {allowance.limit} requests a minute", retry_after_s=allowance.reset_s)
        self.allowance = allowance


def same_site(key: SiteKey, instance: object, url: object) -> None:
    """Make sure that the paired site calls. Raises ``AnotherSite``; what is not said (None) is not compared."""
    moved = isinstance(url, str) and account_uid(url) != account_uid(str(key.site.get("url", "")))
    if moved or (instance is not None and instance != key.site.get("instance")):
        raise AnotherSite(
            "this key belongs to another site: a copy of a site does not send in its name",
            field="url" if moved else "instance",
            remedy="pair this site with a code of its own, if it is to send",
        )


def account_of(site: Mapping[str, Any], names: tuple[str, ...] = ACCOUNT) -> dict[str, Any]:
    """Return a site's facts as those of an account: of its own home all, of one with REST keys only ``OUTPOST``."""
    facts = {name: site[name] for name in names if site.get(name) not in (None, "")}
    return {**facts, "site_url": str(site["url"])} if names is ACCOUNT else facts


def unknown() -> UnknownKey:
    """Return the refusal of a key."""
    return UnknownKey(
        "the key is not known, or was revoked",
        field="X-Crossdock-Key",
        remedy="pair the site again: crossdock plugin pair",
    )


def shown(row: Any) -> dict[str, Any]:
    """Return a site as people and programs see it."""
    site = orjson.loads(row["site"])
    return {
        "id": show(Prefix.SITE, row["id"]),
        "name": row["name"],
        "url": str(site.get("url", "")),
        "connection": {
            "id": show(Prefix.CONNECTION, row["connection_id"]),
            "name": row["connection"],
            "connector": row["connector"],
            "state": row["state"],
        },
        "signature_required": row["signature_required"],
        "per_minute": row["per_minute"],
        "facts": site,
        "facts_at": _moment(row["site_at"]),
        "last_seen_at": _moment(row["last_seen_at"]),
        "created_at": _moment(row["created_at"]),
        "created_by": row["created_by"],
        "revoked_at": _moment(row["revoked_at"]),
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at is not None else None


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _no_site() -> NotFound:
    return NotFound("there is no such site", remedy="list them with: crossdock plugin sites")
