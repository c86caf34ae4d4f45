"""All that is a tenant's, as one archive (tar.gz): a table is JSON lines in parts of some megabytes.

Read from one snapshot of the database and streamed: memory holds one part, however much there is. What was sealed
because it is somebody's data (bodies of events, invoices, samples) is opened; secrets and what only verifies them stay
out, by column, and ``manifest.json`` (the last file: an archive that was cut off has none) says which, with every
table's rows and SHA-256. A column of bytes that nobody has named here stays out.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from crossdock.errors import NotFound, WrongMasterKey
from crossdock.govern.keys import Store
from crossdock.govern.people.rows import named
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, show
from crossdock.model.seals import invoice_row, invoice_terms_row, site_field_row
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("exporting.sql"))
FORMAT: Final = "crossdock-tenant/1"
_PART: Final = 4 << 20
_AT_ONCE: Final = 200
_BLOCK: Final = 512

Opens = Callable[[Vault, Any], str]
OPENED: Final[Mapping[tuple[str, str], Opens]] = {
    ("event", "body"): lambda vault, row: vault.open_body(row["body"], row["id"].bytes).decode(),
    ("invoice", "sealed"): lambda vault, row: vault.open_secret(row["sealed"], invoice_row(row["id"])),
    ("invoice_terms", "sealed"): lambda vault, row: vault.open_secret(row["sealed"], invoice_terms_row(row["id"])),
    ("site_field", "sealed"): lambda vault, row: vault.open_secret(row["sealed"], site_field_row(row["id"])),
}
"""Columns that are the tenant's data under a seal."""
SHOWN: Final = frozenset({"digest", "subject"})
"""Columns of bytes that are told as they are (hex): fingerprints of the tenant's own data."""
LEFT_OUT: Final = frozenset(
    {
        *("sealed", "key_hash", "token_hash", "state_hash", "code_hash", "key_id"),
        *("mark", "hash", "prev_hash", "cut_hash", "asked_hash", "body_hash", "made_key", "made_body"),
        *("body", "match"),
    }
)
"""Secrets, what only verifies them, and what work in passing keeps for itself (parts of imports and proofs)."""
PASSING: Final = frozenset({"audit_waiting", "site_nonce"})
"""Tables that hold nothing of the tenant's but what this program has to remember for a moment."""


class Kept(msgspec.Struct):
    """What the manifest says of a table."""

    rows: int = 0
    parts: int = 0
    unreadable: int = 0
    """Rows whose seal opens with none of the master keys at hand."""
    sha256: str = ""
    left_out: tuple[str, ...] = ()


class Exporting:
    """Exports tenants."""

    def __init__(self, store: Store, vault: Vault, part: int = _PART) -> None:
        """``part``: bytes of a table that make a file; what memory holds."""
        self._store = store
        self._part = part
        self._vault = vault

    async def archive(self, tenant_id: uuid.UUID, *, actor: str) -> AsyncIterator[bytes]:
        """Yield the archive's bytes. Raises ``NotFound``; it stands in the audit who took it."""
        async with self._store.transaction() as conn:
            if await conn.fetchrow(SQL["tenant"], tenant_id) is None:
                raise NotFound("there is no such tenant", field="tenant")
            await audit(conn, tenant_id, actor, "tenant.export", show(Prefix.TENANT, tenant_id))
        press = zlib.compressobj(wbits=31)
        async for block in self._tar(tenant_id):
            if told := press.compress(block):
                yield told
        yield press.flush()

    async def _tar(self, tenant_id: uuid.UUID) -> AsyncIterator[bytes]:
        kept: dict[str, Kept] = {}
        async with self._store.transaction() as conn:
            await conn.execute(SQL["snapshot"])
            tenant = await conn.fetchrow(SQL["tenant"], tenant_id)
            for table in await conn.fetch(SQL["tables"]):
                if table["name"] in PASSING:
                    continue
                statement = SQL["rows"].replace("{table}", table["quoted"])
                kept[table["name"]] = told = Kept()
                rows = conn.cursor(statement, tenant_id, prefetch=_AT_ONCE)
                async for block in self._table(table["name"], rows, told):
                    yield block
            people = [self._person(row) for row in await conn.fetch(SQL["people"], tenant_id)]
        for block in _file("people.jsonl", b"".join(people)):
            yield block
        manifest = {
            "format": FORMAT,
            "tenant": {**dict(tenant), "id": show(Prefix.TENANT, tenant_id)},
            "made_at": datetime.now(UTC),
            "people": {"rows": len(people), "sha256": hashlib.sha256(b"".join(people)).hexdigest()},
            "tables": {name: msgspec.to_builtins(one) for name, one in kept.items()},
            "left_out_tables": sorted(PASSING),
        }
        for block in _file("manifest.json", orjson.dumps(manifest, default=str, option=orjson.OPT_INDENT_2)):
            yield block
        yield bytes(2 * _BLOCK)

    async def _table(self, name: str, rows: Any, told: Kept) -> AsyncIterator[bytes]:
        buffer, digest = io.BytesIO(), hashlib.sha256()
        async for row in rows:
            line = self._line(name, row, told)
            digest.update(line)
            buffer.write(line)
            told.rows += 1
            if buffer.tell() >= self._part:
                for block in _part(name, told, buffer):
                    yield block
        if buffer.tell():
            for block in _part(name, told, buffer):
                yield block
        told.sha256 = digest.hexdigest()

    def _line(self, name: str, row: Any, told: Kept) -> bytes:
        """Return a row as a line of JSON."""
        shown: dict[str, Any] = {}
        left = set(told.left_out)
        for column, value in row.items():
            opens = OPENED.get((name, column))
            if opens is not None:
                shown["document"] = self._opened(opens, row, value, told)
            elif column in LEFT_OUT or (isinstance(value, bytes) and column not in SHOWN):
                left.add(column)
            else:
                shown[column] = value
        told.left_out = tuple(sorted(left))
        return orjson.dumps(shown, default=_plain) + b"\n"

    def _opened(self, opens: Opens, row: Any, value: Any, told: Kept) -> Any:
        if value is None:
            return None
        try:
            text = opens(self._vault, row)
        except (WrongMasterKey, UnicodeDecodeError):
            told.unreadable += 1
            return None
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text

    def _person(self, row: Any) -> bytes:
        try:
            known = named(self._vault, row["person_id"], row["sealed"])
            email, name = known.email, known.name if row["accepted_at"] else ""
        except WrongMasterKey:
            email = name = ""
        who = {"id": show(Prefix.USER, row["person_id"]), "email": email, "name": name, "role": row["role"]}
        return orjson.dumps(who) + b"\n"


def _part(name: str, told: Kept, buffer: io.BytesIO) -> Iterator[bytes]:
    told.parts += 1
    yield from _file(f"{name}/{told.parts:06d}.jsonl", buffer.getvalue())
    buffer.seek(0)
    buffer.truncate()


def _file(name: str, content: bytes) -> Iterator[bytes]:
    """Yield a file as tar holds it."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    yield entry.tobuf(tarfile.PAX_FORMAT)
    yield content
    yield bytes(-len(content) % _BLOCK)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple | set) else str(value)
