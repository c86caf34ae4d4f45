"""Where the hub may connect to."""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from crossdock.connect.egress import EgressRefused, Guard, GuardedResolver, fits, guarded_socket

GUARD = Guard()

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.1.2.3",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_inside_are_refused(address: str) -> None:
    with pytest.raises(EgressRefused, match="the host stands for"):
        GUARD.check_address(address)
    with pytest.raises(EgressRefused):
        GUARD.check_url(f"https://[{address}]/" if ":" in address else f"https://{address}/")
    with pytest.raises(EgressRefused):
        GUARD.check_resolved("shop.example.com", ["93.184.216.34", address])


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:1.1.1.1"]
)
def test_public_addresses_are_open(address: str) -> None:
    GUARD.check_address(address)
    GUARD.check_resolved("shop.example.com", [address])


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "0x",
        "127.0.0.1.",
        "a..b",
    ],
)
def test_unusual_spellings_of_addresses_are_refused(host: str) -> None:
    with pytest.raises(EgressRefused):
        GUARD.check_url(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ftp://a.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("//a.example/", "scheme"),
        ("", "scheme"),
        ("http://a.example/", "plain http"),
        ("https://user:pw@a.example/", "user name"),
        ("https://a.example@127.0.0.1/", "user name"),
        ("https://a.example\\@127.0.0.1/", "spaces, control"),
        ("https://a.example/\n", "spaces, control"),
        ("https://a exa.mple/", "spaces, control"),
        ("https://bücher.example/", "non-ASCII"),
        ("https://a.example:99999/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https:///x", "host"),
        ("https://a%2eexample/", "host"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://-a.example/", "host"),
        ("https://a.example./", "host"),
    ],
)
def test_urls_that_are_wrong_on_their_face(url: str, problem: str) -> None:
    with pytest.raises(EgressRefused) as caught:
        GUARD.check_url(url)
    assert problem in caught.value.problem
    assert "pw" not in str(caught.value)


def test_plain_http_needs_leave() -> None:
    GUARD.check_url("http://shop.example.com/", plain_http=True)
    Guard(production=False).check_url("http://shop.example.com:8080/")


def test_a_vendor_is_held_to_its_hosts() -> None:
    hosts = ("api.hubapi.com", "*.mailchimp.com")
    GUARD.check_url("https://api.hubapi.com/crm", hosts=hosts)
    GUARD.check_url("https://us1.api.mailchimp.com/", hosts=hosts)
    for host in ("evil.example", "api.hubapi.com.evil.example", "mailchimp.com", "evilmailchimp.com"):
        with pytest.raises(EgressRefused, match="no host of this vendor"):
            GUARD.check_url(f"https://{host}/", hosts=hosts)
    assert not fits("*.mailchimp.com", ".mailchimp.com")


def test_development_opens_networks_and_names() -> None:
    guard = Guard(("127.0.0.1/32", "10.1.0.0/16", "shop.local", "::1"), production=False)
    guard.check_url("http://127.0.0.1:8080/", hosts=("api.hubapi.com",))
    guard.check_url("http://shop.local/", hosts=("api.hubapi.com",))
    guard.check_address("10.1.2.3")
    guard.check_address("::ffff:127.0.0.1")
    with pytest.raises(EgressRefused):
        guard.check_address("127.0.0.2")
    guard.check_resolved("shop.local", ["192.168.7.7"])
    guard.check_address("192.168.7.7")
    with pytest.raises(EgressRefused):
        guard.check_resolved("other.local", ["192.168.7.8"])
    with pytest.raises(ValueError, match="neither a network nor a host name"):
        Guard(("not a network!",))


@settings(deadline=None)
@given(st.text(alphabet="htps:/[]@.%#?\\0123456789abcdefx-_\t ", max_size=40).map(lambda tail: "https://" + tail))
def test_the_url_that_was_checked_is_the_url_that_is_called(url: str) -> None:
    try:
        GUARD.check_url(url)
    except EgressRefused:
        return
    assert URL(url, encoded=True).raw_host == urlsplit(url).hostname


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_every_spelling_of_an_ipv4_address_is_judged_alike(address: Any) -> None:
    judged = []
    for text in (str(address), f"::ffff:{address}", f"64:ff9b::{int(address) >> 16:x}:{int(address) & 0xFFFF:x}"):
        try:
            GUARD.check_address(text)
            judged.append(True)
        except EgressRefused:
            judged.append(False)
    assert len(set(judged)) == 1


async def test_the_resolver_hands_out_only_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    answers = [["93.184.216.34"], ["93.184.216.34", "10.0.0.5"]]

    async def names(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in answers.pop(0)]

    monkeypatch.setattr(loop, "getaddrinfo", names)
    resolver = GuardedResolver(GUARD)
    (found,) = await resolver.resolve("shop.example.com", 443)
    assert (found["host"], found["port"]) == ("93.184.216.34", 443)
    assert found["flags"] & socket.AI_NUMERICHOST
    with pytest.raises(EgressRefused, match="private"):
        await resolver.resolve("shop.example.com", 443)
    answers.append([])
    with pytest.raises(OSError, match="no address"):
        await resolver.resolve("shop.example.com", 443)
    await resolver.close()


def test_the_socket_factory_is_the_last_wall() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    with pytest.raises(EgressRefused):
        guarded_socket(GUARD)(info)
    made = guarded_socket(Guard(("127.0.0.1/32",)))(info)
    assert made.getblocking() is False
    made.close()
