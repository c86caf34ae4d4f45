"""A hub with open doors, a sandbox shop it is connected to, and one clock for both that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import itertools
import ssl
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crossdock.api.app import build_app
from crossdock.cli.demo.ground import free_port
from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.flow.watch import Shown, findings_of
from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.hub import until
from tests.support.listening import Listening, carried

FIVE_MINUTES = 300
ORDERS = 12


class MovedClock:
    """The machine's clock, moved forward by the test."""

    def __init__(self) -> None:
        self.shift = 0.0

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.shift)

    def monotonic(self) -> float:
        return time.monotonic() + self.shift


class Stage:
    """Hub, shop and clock."""

    def __init__(self, hub: Hub, url: str, app: Any, clock: MovedClock, http: aiohttp.ClientSession) -> None:
        self.hub, self.url, self.app, self.clock, self.http = hub, url, app, clock, http
        self.front: Front | None = None
        self.id = uuid.UUID(int=0)
        self.tenant = uuid.UUID(int=0)
        self._placed: dict[str, int] = {}
        """How much the shop had sent when an order was placed."""

    async def connect(self) -> None:
        """Connect the shop, read what there is, and look once: all is well."""
        self.tenant = await self.hub.tenants.find()
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        form = {"url": self.url, "plain_http": not self.url.startswith("https"), **keys}
        made = await self.hub.connections.connect(self.tenant, "woocommerce", form, actor="test")
        self.id = made.id
        assert made.hooks == 15, made.warnings
        await self.hub.runs.add(self.tenant, self.id, RunKind.BACKFILL, ())
        await self.work()
        await self.hub.watch.plan()
        await self.pass_by(150)
        assert await self.look(), "the first look was due"
        assert await self.findings() == {}

    async def pass_by(self, seconds: float) -> None:
        """Let time pass for the hub and for the shop."""
        self.clock.shift += seconds
        self.app.shop.clock.advance(seconds)
        self.app.runner.wake()

    async def look(self) -> bool:
        """Let a worker look if a look is due, after what is counted in memory was written."""
        await self.flush()
        return await self.hub.watch.one("test")

    async def flush(self) -> None:
        await self.hub.journey.tally.flush(self.hub.database)
        await self.hub.journey.hearing.flush(self.hub.database)

    async def find(self, code: str, within: float = FIVE_MINUTES) -> Shown:
        """Let time pass in steps until a finding of a code stands; fails after ``within`` seconds."""
        passed = 0.0
        while passed < within:
            await self.pass_by(10)
            passed += 10
            if await self.look() and code in (found := await self.findings()):
                return found[code]
        raise AssertionError(f"{code} was not found within {within} s, but {await self.findings()}")

    async def gone(self, code: str, within: float = FIVE_MINUTES) -> None:
        """Let time pass until a finding is resolved."""
        passed = 0.0
        while passed < within:
            await self.pass_by(10)
            passed += 10
            if await self.look() and code not in await self.findings():
                return
        raise AssertionError(f"{code} still stands: {await self.findings()}")

    async def filled(self, external_id: str, within: float = FIVE_MINUTES) -> None:
        """Let time pass, looks and runs be done until an order is recorded."""
        passed = 0.0
        while passed < within:
            await self.work()
            if await self.recorded(external_id):
                return
            await self.pass_by(10)
            passed += 10
            await self.look()
        raise AssertionError(f"order {external_id} is not recorded after {within} s: {await self.findings(ended=True)}")

    async def findings(self, *, ended: bool = False) -> dict[str, Shown]:
        async with self.hub.database.engine() as conn:
            return {f.code: f for f in await findings_of(conn, self.tenant, self.id, ended=ended)}

    async def work(self) -> None:
        """Do the runs that are queued and answer the doorbells, beside them too: a proof waits for those that ring."""
        done = asyncio.Event()
        answering = asyncio.create_task(self._answer(done))
        try:
            while await self.hub.runs.work_one("test", self.hub.works):
                pass
        finally:
            done.set()
            await answering
        await self.hub.bells.answer_some()
        await self.flush()

    async def _answer(self, done: asyncio.Event) -> None:
        while not done.is_set():
            await asyncio.sleep(0.2)
            await self.hub.bells.answer_some()

    async def dials(self, **given: Any) -> None:
        await self._control("PUT", "dials", given)

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        done = await self._control("POST", "act", {"do": do, **more})
        assert done["done"], done
        return done

    async def hook(self, **given: Any) -> list[int]:
        changed: list[int] = (await self._control("POST", "hook", given))["changed"]
        return changed

    async def control(self, name: str, **given: Any) -> dict[str, Any]:
        return await self._control("POST", name, given)

    async def _control(self, method: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.url}/_sandbox/{name}"
        async with self.http.request(method, url, json=given, ssl=False) as reply:
            answer: dict[str, Any] = await reply.json()
            assert reply.status == 200, answer
            return answer

    async def order(self, **more: Any) -> str:
        """Place an order in the shop and return its id."""
        sent = len(self.app.hooks.log)
        made = str((await self.act("place_order", status="processing", **more))["id"])
        self._placed[made] = sent
        return made

    async def lost(self) -> str:
        """Place an order of which no webhook tells."""
        await self.dials(drop_share=1.0)
        made = await self.order()

        async def sent() -> bool:
            return not self.app.hooks.waiting

        await until(sent)
        await self.dials(drop_share=0.0)
        return made

    async def well(self) -> None:
        """After some more looks all is well, and an order is told by a webhook as ever."""
        for _ in range(4):
            await self.pass_by(200)
            assert await self.look()
            await self.work()
        standing = {code for code, found in (await self.findings()).items() if found.repaired_at is None}
        assert standing == set()
        made = await self.order()
        await self.told(made)
        (row,) = await self.rows("SELECT origin FROM event WHERE external_id = $1 ORDER BY id LIMIT 1", made)
        assert row["origin"] == "webhook"

    async def recorded(self, external_id: str) -> bool:
        """Whether an event of this order stands."""
        sql = "SELECT 1 FROM event WHERE connection_id = $1 AND stream = 'order' AND external_id = $2"
        return bool(await self.rows(sql, self.id, external_id))

    async def told(self, external_id: str) -> None:
        """Wait until an order is recorded by what the shop sends itself."""

        async def answered() -> bool:
            """The hub answers after it has recorded; what the shop has noted down is over on both sides."""
            # a restored shop gives an id again: what was sent of its first owner does not count
            log = itertools.islice(self.app.hooks.log, self._placed.get(external_id, 0), None)
            return any(str(e["resource_id"]) == external_id and e["status"] == 200 for e in log)

        await until(answered)
        assert await self.recorded(external_id)

    async def connection(self) -> asyncpg.Record:
        (row,) = await self.rows("SELECT * FROM connection WHERE id = $1", self.id)
        return row

    async def known(self) -> Connection:
        self.hub.directory.forget(self.id)
        return await self.hub.directory.connection(self.id)

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        async with self.hub.database.engine() as conn:
            return await conn.fetch(sql, *values)


@contextlib.asynccontextmanager
async def staged(settings: Settings, *, tls: Front | None = None, **shop: Any) -> AsyncIterator[Stage]:
    """Open hub, doors and shop, and connect them. With ``tls`` the shop is reached by https alone."""
    clock = MovedClock()
    port = free_port()
    settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}", "call_timeout_s": 5})
    switch = woocommerce.build(woocommerce.generate(ORDERS, 5), woocommerce.Settings(https=tls is not None, **shop))
    app = switch.app  # type: ignore[attr-defined]
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(switch))
        url = served.url
        if tls is not None:
            url = await stack.enter_async_context(tls.before(served.url))
        hub = await stack.enter_async_context(open_hub(settings, clock=clock, tls=tls.trusted() if tls else None))
        await stack.enter_async_context(serving(build_app(hub), port=port))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = Stage(hub, url, app, clock, http)
        made.front = tls
        await made.connect()
        yield made


class Front:
    """A TLS front with certificates of its own making."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._front: Listening | None = None
        self.certify(days=90)

    def trusted(self) -> ssl.SSLContext:
        """Return a context that believes the test's authority."""
        now = dt.datetime.now(dt.UTC)
        made = self._sign(self._name, self._key, now, 3650, authority=True)
        return ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())

    def certify(self, *, days: float) -> None:
        """Show a certificate that ends in so many days from now on; connections that stand are cut."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        made = self._sign(name, key, now, days)
        path = self._folder / "chain.pem"
        path.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self._context.load_cert_chain(path)
        if self._front is not None:
            self._front.cut()

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        now: dt.datetime,
        days: float,
        *,
        authority: bool = False,
    ) -> x509.Certificate:

        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=400))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if authority:
            usage = msgspec.structs.asdict(_Usage(key_cert_sign=True, crl_sign=True))
            built = built.add_extension(x509.KeyUsage(**usage), critical=True)
        else:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            built = built.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return built.sign(self._key, hashes.SHA256())

    @contextlib.asynccontextmanager
    async def before(self, url: str) -> AsyncIterator[str]:
        """Stand before a server that speaks http."""
        async with Listening(carried(int(url.rsplit(":", 1)[1]), self._context)) as self._front:
            yield f"https://127.0.0.1:{self._front.port}"


class _Usage(msgspec.Struct):
    digital_signature: bool = False
    content_commitment: bool = False
    key_encipherment: bool = False
    data_encipherment: bool = False
    key_agreement: bool = False
    key_cert_sign: bool = False
    crl_sign: bool = False
    encipher_only: bool = False
    decipher_only: bool = False
