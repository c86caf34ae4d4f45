"""HTTP Basic (RFC 7617): WooCommerce over https, Mailchimp, Twilio, Stripe, WordPress application passwords."""

from __future__ import annotations

import base64

from crossdock.connect.auth import Outgoing


class Basic:
    """Name and password in UTF-8. Raises ``ValueError`` for a name with a colon, which the scheme cannot carry."""

    def __init__(self, name: str, password: str) -> None:
        if ":" in name:
            raise ValueError("the name holds a colon, which Basic authentication cannot carry")
        self._value = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode("ascii")

    def __repr__(self) -> str:
        return "Basic()"

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request with its Authorization header."""
        return request.with_header("Authorization", self._value)
