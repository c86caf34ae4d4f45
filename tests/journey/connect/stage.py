"""A hub that is reached by https, a sandbox shop whose consent pages can be clicked through, and a browser."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import re
import ssl
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crossdock.api.app import build_app
from crossdock.cli.demo.ground import free_port
from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.listening import tls_before


def certificate(folder: Path, *, host: str = "127.0.0.1", days: int = 30) -> Path:
    """Write a self-signed certificate with its key and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=60))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    path = folder / f"{host}-{days}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def certified(chain: Path) -> ssl.SSLContext:
    """Return what a server shows that has this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


class Browser:
    """A person's browser: keeps cookies, follows no redirect by itself, believes the hub's certificate."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._logged_in = False

    async def go(self, url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Return (status, Location, page)."""
        method = "GET" if form is None else "POST"
        async with self._session.request(method, url, data=form, allow_redirects=False, ssl=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def consent(self, url: str) -> str:
        """Log in at a shop, and return the address of its button Approve."""
        status, login, page = await self.go(url)
        if not self._logged_in:
            assert (status, "/wc-auth/v1/login/" in login) == (302, True)
            assert "password" in (await self.go(login))[2]
            status, ask, _ = await self.go(login, {"username": "owner", "password": "secret"})
            assert status == 302
            _, _, page = await self.go(ask)
            self._logged_in = True
        assert "Crossdock would like to connect" in page
        found = re.search(r'class="approve" href="([^"]+)"', page)
        assert found
        return unescape(found[1])


class Stage:
    """Hub, shop, browser."""

    def __init__(self, hub: Hub, shop_url: str, shop: Any, hub_url: str, browser: Browser) -> None:
        self.hub, self.shop_url, self.shop, self.hub_url, self.browser = hub, shop_url, shop, hub_url, browser


@contextlib.asynccontextmanager
async def staged(settings: Settings, folder: Path) -> AsyncIterator[Stage]:
    """Open the hub behind TLS and a shop that believes its certificate."""
    chain, port = certificate(folder), free_port()
    settings = settings.model_copy(update={"public_url": f"https://127.0.0.1:{port}", "call_timeout_s": 5})
    switch = woocommerce.build(woocommerce.generate(3, 1), woocommerce.Settings(believes=str(chain)))
    async with contextlib.AsyncExitStack() as stack:
        shop = await stack.enter_async_context(serving(switch))
        hub = await stack.enter_async_context(open_hub(settings))
        inner = await stack.enter_async_context(serving(build_app(hub)))
        url = await stack.enter_async_context(tls_before(inner.url, certified(chain), port=port))
        jar = aiohttp.CookieJar(unsafe=True)
        connector = aiohttp.TCPConnector(force_close=True)
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar, connector=connector))
        yield Stage(hub, shop.url, switch.app, url, Browser(session))  # type: ignore[attr-defined]
