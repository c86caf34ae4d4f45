"""Through proxies the caller is who the last believed one saw; what the caller wrote himself is not believed."""

from __future__ import annotations

import pytest

from crossdock.kit.forwarded import caller_of

PROXIES = ("10.0.0.0/8", "::1/128", "192.0.2.7")


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("8.8.8.8", ["1.2.3.4"], "8.8.8.8"),
        ("10.1.1.1", [], "10.1.1.1"),
        ("10.1.1.1", ["8.8.8.8"], "8.8.8.8"),
        ("10.1.1.1", ["6.6.6.6, 8.8.8.8"], "8.8.8.8"),
        ("10.1.1.1", ["6.6.6.6", "8.8.8.8, 10.9.9.9"], "8.8.8.8"),
        ("10.1.1.1", ["8.8.8.8, 192.0.2.7 , 10.9.9.9"], "8.8.8.8"),
        ("10.1.1.1", ["10.2.2.2"], "10.2.2.2"),
        ("10.1.1.1", ["8.8.8.8, unknown"], "10.1.1.1"),
        ("10.1.1.1", ["8.8.8.8:4711"], "10.1.1.1"),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:10.1.1.1", ["8.8.8.8"], "8.8.8.8"),
        ("10.1.1.1", ["::ffff:8.8.8.8"], "8.8.8.8"),
        ("", ["8.8.8.8"], ""),
    ],
)
def test_the_caller_is_who_the_last_believed_proxy_saw(peer: str, forwarded: list[str], caller: str) -> None:
    assert caller_of(peer, forwarded, PROXIES) == caller


def test_without_proxies_nothing_is_believed() -> None:
    assert caller_of("10.1.1.1", ["8.8.8.8"], ()) == "10.1.1.1"
