"""How long a host's TLS certificate is still good. One handshake behind the egress guard, nothing is sent."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from crossdock.connect.egress import EgressRefused, GuardedResolver, guarded_socket

if TYPE_CHECKING:
    from crossdock.connect.client import Transport

_PATIENCE_S: Final = 10.0
_EXPIRED: Final = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""


class Certificate(msgspec.Struct, frozen=True):
    """What a handshake told; nothing when there was none."""

    ends_at: datetime | None = None
    expired: bool = False


async def certificate_of(transport: Transport, host: str, port: int) -> Certificate:
    """Shake hands with a host as a call would and read its certificate's end. Never raises for what a host may do."""
    context = transport.tls or ssl.create_default_context()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await _shake(transport, context, host, port)
    except ssl.SSLCertVerificationError as problem:
        return Certificate(expired=problem.verify_code == _EXPIRED)
    except (OSError, TimeoutError, EgressRefused):
        return Certificate()


async def _shake(transport: Transport, context: ssl.SSLContext, host: str, port: int) -> Certificate:
    loop = asyncio.get_running_loop()
    found = (await GuardedResolver(transport.guard).resolve(host, port))[0]
    info = (found["family"], 1, found["proto"], "", (found["host"], found["port"]))
    sock = guarded_socket(transport.guard)(info)
    try:
        await loop.sock_connect(sock, (found["host"], found["port"]))
        made, _ = await loop.create_connection(asyncio.Protocol, sock=sock, ssl=context, server_hostname=host)
    except BaseException:
        sock.close()
        raise
    try:
        told = made.get_extra_info("peercert") or {}
    finally:
        made.abort()
    ends = told.get("notAfter")
    return Certificate(datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None)
