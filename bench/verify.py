"""Checking a signature: what a request costs by each form, beside the plain ``hmac.digest`` over the same 4 KB.

Run: ``python -m bench.verify [scale]``. The door's row is the whole check of a webhook: the claimed webhook's secrets
are looked up, the key is decoded, the digest made, encoded and compared in constant time; a secret that is being
replaced stands beside its predecessor, so both are computed. Each row's peer is timed in turns with it.
"""

from __future__ import annotations

import hmac
import json
import sys
import time
from collections.abc import Callable

from crossdock.connect.auth import Outgoing, oauth1, standard_webhooks
from crossdock.connectors.woocommerce.webhook import DOOR
from crossdock.kit.signing import same, sign_base64, sign_hex

SIZE = 4096
TIMES = 20_000
ROUNDS = 7
SECRET = "bench-hook-secret-of-forty-characters-00"
BODY = (b'{"id": 1, "note": "' + b"n" * SIZE)[: SIZE - 2] + b'"}'
NOW = 1_800_000_000


def forms() -> dict[str, tuple[Callable[[], object], int]]:
    """Return what is timed, and how many digests over the body each has to make."""
    named = {"x-wc-webhook-id": "7", "x-wc-webhook-signature": sign_base64(SECRET.encode(), BODY)}
    key = standard_webhooks.key_of(standard_webhooks.new_secret())
    standard = standard_webhooks.headers([key], "msg_1", NOW, BODY)
    hexed = sign_hex(SECRET.encode(), BODY)
    call = Outgoing("GET", "http://shop.example/wp-json/wc/v3/orders", (("per_page", "100"), ("page", "1")))
    oauth = oauth1.OAuth1("ck_" + "0" * 40, "cs_" + "0" * 40)
    other = {"7": "another-secret", "7~old": SECRET}
    many = {str(n): SECRET if n == 7 else f"secret-{n}" for n in range(1, 9)}
    return {
        "WooCommerce, base64": (lambda: DOOR.verify(named, BODY, many), 1),
        "WooCommerce, a secret being replaced": (lambda: DOOR.verify(named, BODY, other), 2),
        "Standard Webhooks, checked": (lambda: standard_webhooks.verify([key], standard, BODY, NOW), 1),
        "Standard Webhooks, made": (lambda: standard_webhooks.headers([key], "msg_1", NOW, BODY), 1),
        "hex, checked": (lambda: same(sign_hex(SECRET.encode(), BODY), hexed), 1),
        "OAuth 1.0a, one GET signed (no body)": (lambda: oauth.apply(call), 0),
    }


def timed(work: Callable[[], object], times: int) -> float:
    """Return the microseconds of one call."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times * 1e6


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Time each form and its peer in turns; the least of the rounds of each."""
    times = max(200, int(TIMES * scale / ROUNDS))
    secret = SECRET.encode()
    rows: list[dict[str, object]] = []
    for name, (work, digests) in forms().items():
        ours, plain = [], []
        for _ in range(ROUNDS):
            ours.append(timed(work, times))
            plain.append(timed(lambda: hmac.digest(secret, BODY, "sha256"), times))
        mine, bare = min(ours), min(plain)
        rows.append(
            {
                "form": name,
                "us": round(mine, 2),
                "/s": round(1e6 / mine),
                "digests": digests,
                "hmac.digest us": round(bare, 2),
                "beyond its digests us": round(mine - digests * bare, 2),
                "ratio": round(mine / bare, 2),
            }
        )
    return rows


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
