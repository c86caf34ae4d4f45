"""The egress guard: where the hub may connect to when a person gave the address.

Two walls. :meth:`Guard.check_url` reads the URL strictly and refuses what is wrong on its face. The resolver and the
socket factory then look at every address a name stands for, at the moment of connecting, and the connection goes to
exactly the addresses that were looked at: a name that changes its mind in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_REFUSED: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "an unspecified address"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "a carrier's private address"),
    ("127.0.0.0/8", "this machine itself"),
    ("168.63.129.16/32", "a cloud's metadata address"),
    ("169.254.0.0/16", "a link-local or metadata address"),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "an address for documentation"),
    ("192.88.99.0/24", "a reserved address"),
    ("192.168.0.0/16", "a private address"),
    ("198.18.0.0/15", "an address for benchmarks"),
    ("198.51.100.0/24", "an address for documentation"),
    ("203.0.113.0/24", "an address for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
    ("::/96", "an address that hides an IPv4 one"),
    ("64:ff9b:1::/48", "a private translation address"),
    ("100::/64", "a discard address"),
    ("2001::/23", "a tunnel or reserved address"),
    ("2001:db8::/32", "an address for documentation"),
    ("2002::/16", "a tunnel address (6to4)"),
    ("3fff::/20", "an address for documentation"),
    ("5f00::/16", "a reserved address"),
    ("fc00::/7", "a private address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a private address"),
    ("ff00::/8", "a multicast address"),
)
_RANGES: tuple[tuple[Network, str], ...] = tuple((ipaddress.ip_network(n), why) for n, why in _REFUSED)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\Z")
_BAD_IN_URL = re.compile(r"[\x00-\x20\x7f-\U0010ffff\\]")
_PORTS = frozenset({
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513,
    514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719,
    1720, 1723, 2049, 3306, 3659, 4045, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668,
    6669, 6697, 9200, 10080, 11211, 27017,
})  # fmt: skip
"""Ports of other protocols (those that browsers refuse, and of databases): nobody's web server is there."""
_REMEDY = "give a public address, or allow the network with CROSSDOCK_EGRESS_ALLOW on a development machine"


class EgressRefused(Exception):
    """An address the hub does not connect to; neither text holds the URL, which may itself be a secret."""

    def __init__(self, problem: str, remedy: str = _REMEDY) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


class Guard:
    """The rules of one installation.

    ``allow`` lists networks (CIDR or bare addresses) and host names that are open although they are private;
    ``production`` refuses plain http unless the connection says that it may be used.
    """

    def __init__(self, allow: tuple[str, ...] = (), production: bool = True) -> None:
        networks, names = [], []
        for entry in allow:
            try:
                networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                if not _HOST.match(entry.lower()):
                    raise ValueError(f"egress allow-list: {entry!r} is neither a network nor a host name") from None
                names.append(entry.lower())
        self._networks: tuple[Network, ...] = tuple(networks)
        self._names = frozenset(names)
        self._named_addresses: set[Address] = set()
        self.production = production

    def check_url(self, url: str, *, hosts: Iterable[str] = (), plain_http: bool = False) -> None:
        """Refuse a URL that is wrong on its face; resolves no name.

        ``hosts`` is the manifest's allow-list (empty: any host); what the installation allows is open beside it.
        Raises :class:`EgressRefused`.
        """
        host = self._host_of(url, plain_http)
        address = _literal(host)
        if address is not None:
            self.check_address(address)
        allowed = tuple(hosts)
        if allowed and not any(fits(pattern, host) for pattern in allowed) and not self._opened(host, address):
            raise EgressRefused(f"{host} is no host of this vendor", f"expected {' or '.join(allowed)}")

    def _host_of(self, url: str, plain_http: bool) -> str:
        if _BAD_IN_URL.search(url):
            raise EgressRefused("the URL holds spaces, control or non-ASCII characters", "write it in its ASCII form")
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or ""), parts.port
        except ValueError:
            raise EgressRefused("the URL cannot be read", "expected https://host/path") from None
        if parts.scheme not in ("https", "http"):
            raise EgressRefused("the URL's scheme is not https", "expected https://host/path")
        if "@" in parts.netloc:
            raise EgressRefused("the URL holds a user name", "put credentials into their own fields")
        if parts.scheme == "http" and self.production and not plain_http:
            raise EgressRefused("plain http is refused in production", "use https, or allow it for this connection")
        if self.production and port in _PORTS:
            raise EgressRefused(f"port {port} is another protocol's", "give the port of a web server, or none")
        if not host or (not _HOST.match(host) and ":" not in host) or "%" in host:
            raise EgressRefused("the URL's host is not a host name or address", "expected https://host/path")
        return host

    def _opened(self, host: str, address: Address | None) -> bool:
        if host in self._names:
            return True
        return address is not None and any(address in network for network in self._networks)

    def check_address(self, address: str | Address) -> None:
        """Refuse an address that is not on the public internet. Raises :class:`EgressRefused`."""
        seen = _unwrap(ipaddress.ip_address(address) if isinstance(address, str) else address)
        if seen in self._named_addresses or any(seen in network for network in self._networks):
            return
        for network, why in _RANGES:
            if seen.version == network.version and seen in network:
                raise EgressRefused(f"the host stands for {why}")
        if seen.is_multicast or not seen.is_global:
            raise EgressRefused("the host stands for a reserved address")

    def check_resolved(self, host: str, addresses: Iterable[str]) -> None:
        """Refuse a name if any one of its addresses is refused. Raises :class:`EgressRefused`."""
        named = host.lower() in self._names
        for text in addresses:
            address = _unwrap(ipaddress.ip_address(text.partition("%")[0]))
            if named:
                self._named_addresses.add(address)
            else:
                self.check_address(address)


def fits(pattern: str, host: str) -> bool:
    """Whether a host is meant by an entry of a manifest's allow-list."""
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern


def _literal(host: str) -> Address | None:
    """Read a host that is an address. Spellings only some programs read as addresses (127.1, 0x7f.1) are refused."""
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host)
        except ValueError:
            raise EgressRefused("the URL's host is not an address", "expected https://host/path") from None
    last = host.rpartition(".")[2]
    if not last.isdigit() and not re.match(r"0x[0-9a-f]*\Z", last):
        return None
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        raise EgressRefused("the URL's host is an address in an unusual spelling", "expected four numbers") from None


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries where the network would translate it (mapped, NAT64)."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


class GuardedResolver(AbstractResolver):
    """Resolves a name once by the system, checks every address, and hands out only what was checked."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises ``OSError`` (no such name) or :class:`EgressRefused`."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        addresses = [(str(sockaddr[0]), fam) for fam, _, _, _, sockaddr in found]
        if not addresses:
            raise OSError("the name has no address")
        self._guard.check_resolved(host, [address for address, _ in addresses])
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address, port=port, family=fam, proto=socket.IPPROTO_TCP, flags=flags)
            for address, fam in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def guarded_socket(guard: Guard) -> Any:
    """Return aiohttp's socket factory: the last look at the very address that is about to be connected."""

    def make(info: tuple[Any, ...]) -> socket.socket:
        family, kind, proto, _, sockaddr = info
        guard.check_address(str(sockaddr[0]).partition("%")[0])
        made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    return make
