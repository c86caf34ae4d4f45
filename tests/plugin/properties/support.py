"""What the properties share: words out of which cases are made, and the hub's side of the signature."""

from __future__ import annotations

import hashlib
import hmac
import random
import string
from typing import Any

from tests.support.wordpress.site import ROOT, Site

CASES = 200
"""Generated cases a property."""

KEY = "cdk_" + "k" * 32
SECRET = "cds_" + "s" * 40
NOW = 1_795_255_200

DOUBLES = f"""
require_once '{ROOT}/plugin/tests/doubles/FixedClock.php';
require_once '{ROOT}/plugin/tests/doubles/ScriptedTransport.php';
$c = \\Crossdock\\Plugin::container();
$clock = new \\Crossdock\\Tests\\FixedClock( {NOW}.0 );
$fresh = static function ( ?object $clock = null, ?object $transport = null ) {{
	$c = \\Crossdock\\Plugin::bare( CROSSDOCK_FILE );
	if ( $clock ) {{ $c->put( \\Crossdock\\Wp\\Clock::class, $clock ); }}
	if ( $transport ) {{ $c->put( \\Crossdock\\Wp\\Transport::class, $transport ); }}
	return $c;
}};
"""
"""PHP that every property begins with: a clock that stands still, and containers with it."""

ODD = "äöüßéñ漢字🙂'\"\\<>&%$ \t"


def text(rng: random.Random, least: int = 0, most: int = 40, *, odd: bool = True) -> str:
    """Return a text of letters, digits and, when wanted, characters that break things."""
    letters = string.ascii_letters + string.digits + (ODD * 2 if odd else "")
    return "".join(rng.choice(letters) for _ in range(rng.randint(least, most)))


def token(rng: random.Random, least: int = 16, most: int = 64) -> str:
    """Return a text of A-Z a-z 0-9 _ -."""
    return "".join(rng.choice(string.ascii_letters + string.digits + "_-") for _ in range(rng.randint(least, most)))


def signature(tongue: str, secret: str, method: str, target: str, timestamp: str, nonce: str, body: str | bytes) -> str:
    """Sign as the contract says; written anew here so that the plugin's own code is not its own judge."""
    raw = body.encode() if isinstance(body, str) else body
    signed = f"{tongue}\n{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + raw
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def pair(site: Site, hub: str = "https://hub.example", key: str = KEY, secret: str = SECRET) -> None:
    """Let the site be paired, without a hub."""
    site.php(
        """$c = \\Crossdock\\Plugin::container();
        $site = $c->get( \\Crossdock\\Site\\Facts::class )->marks();
        $details = array( 'site' => $site, 'connection' => array( 'id' => 'con_1', 'name' => 'Shop' ), 'limits' => array() );
        return $c->get( \\Crossdock\\Hub\\Credentials::class )->keep( $hub, $key, $secret, $details );""",
        hub=hub,
        key=key,
        secret=secret,
    )


def told(found: list[Any], wanted: list[Any], cases: list[Any]) -> None:
    """Compare answer by answer and show the first case that differs."""
    assert len(found) == len(wanted) == len(cases)
    for number, (one, other, case) in enumerate(zip(found, wanted, cases, strict=True)):
        assert one == other, f"case {number}: {case!r}\n the plugin: {one!r}\n   expected: {other!r}"
