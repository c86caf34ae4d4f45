"""What is wrong with a host's certificate, in words for people, by OpenSSL's own code."""

from __future__ import annotations


def said_of(problem: Exception) -> tuple[str, str]:
    """Say what is wrong with a certificate, by OpenSSL's code, and what the host has to do."""
    return _CERTIFICATES.get(
        getattr(problem, "verify_code", 0),
        ("the host's certificate is not valid", "the host has to install a valid certificate"),
    )


_UNKNOWN_ISSUER = (
    "the host's certificate comes from an authority that nobody knows, or a link of its chain is missing",
    "the host has to send the whole chain of a public authority's certificate",
)
_OTHER_NAME = (
    "the host's certificate is for another name",
    "give the address the certificate is for (with or without www), or the host has to add this name to it",
)
_CERTIFICATES: dict[int, tuple[str, str]] = {
    9: ("the host's certificate is not valid yet", "look whether this machine's clock or the host's is wrong"),
    10: ("the host's certificate has expired", "the host has to renew it"),
    18: (
        "the host's certificate is signed by itself",
        "the host has to install a public authority's certificate (Let's Encrypt gives them for nothing)",
    ),
    19: _UNKNOWN_ISSUER,
    20: _UNKNOWN_ISSUER,
    21: _UNKNOWN_ISSUER,
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
