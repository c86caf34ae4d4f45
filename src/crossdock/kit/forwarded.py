"""Who calls through reverse proxies: the last address that was not one of ours (RFC 7239's older sibling)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


def caller_of(peer: str, forwarded: Iterable[str], proxies: Sequence[str]) -> str:
    """Return the caller's address.

    ``peer`` is who is connected, ``forwarded`` the values of X-Forwarded-For, ``proxies`` the networks that are
    believed. Read from the right: whatever stands left of the first address that is no proxy, the caller has written.
    """
    networks = [ip_network(one, strict=False) for one in proxies]
    believed = peer
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    for hop in (*reversed(hops), ""):
        address = address_of(believed)
        if address is None or not any(address.version == one.version and address in one for one in networks):
            return believed
        if address_of(hop) is None:
            return believed
        believed = str(address_of(hop))
    return believed


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a text names; None where it names none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    # an IPv4 address that came over an IPv6 socket is the same address
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
