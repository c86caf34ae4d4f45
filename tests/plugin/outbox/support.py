"""How tests of the outbox work on a site."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Any

from tests.plugin.properties.support import KEY, SECRET, pair
from tests.support.wordpress.ears import Ears
from tests.support.wordpress.site import Site

USE = """
use Crossdock\\Outbox\\{Outbox, Runner, Sender, Budget, Queue, BulkExport, Brake, Pace, Hands, Timetable, Settlement};
use Crossdock\\Monitor\\Condition; use Crossdock\\Wp\\Clock; use Crossdock\\Settings\\Settings;
"""

RUN = USE + "return \\Crossdock\\Plugin::container()->get( Runner::class )->run( $seconds, $timeout, 0, true );"

LET_GO = "UPDATE wp_crossdock_outbox SET next_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE state = 'waiting'"


@dataclass
class Shop:
    """A paired site and what the hub heard of it."""

    site: Site
    hub: Ears

    def php(self, code: str, **given: Any) -> Any:
        """Run PHP on the site, with the outbox's classes at hand and ``$c`` the container."""
        return self.site.php(USE + "$c = \\Crossdock\\Plugin::container();" + code, **given)

    def run(self, *, hold: bool = False, seconds: float = 20.0, timeout: float = 5.0) -> dict[str, Any]:
        """Run the outbox once; what pages hold back goes too, unless ``hold``."""
        if not hold:
            self.site.sql(LET_GO)
        report: dict[str, Any] = self.site.php(RUN, seconds=seconds, timeout=timeout)
        return report

    def start(self, code: str, **given: Any) -> subprocess.Popen[str]:
        """Begin PHP on the site and do not wait for it."""
        return self.site.start(USE + "$c = \\Crossdock\\Plugin::container();" + code, **given)

    def events(self, count: int, name: str = "test.happened") -> None:
        """Let a number of custom events happen."""
        self.php(
            "for ( $i = 1; $i <= $count; $i++ ) { do_action( 'crossdock_event', $name, array( 'n' => $i ), 'user:1' ); }",
            count=count,
            name=name,
        )

    def user(self, name: str) -> int:
        """Let somebody register; rows of the registration are in the outbox."""
        return int(
            self.php(
                "return wp_insert_user( array( 'user_login' => $name, 'user_pass' => 'x',"
                " 'user_email' => $name . '@example.com', 'role' => 'subscriber' ) );",
                name=name,
            )
        )

    def rows(self, *columns: str) -> list[tuple[str, ...]]:
        """The outbox, oldest first."""
        wanted = columns or ("kind", "action", "type", "entity", "state")
        return [tuple(row) for row in self.site.sql(f"SELECT {', '.join(wanted)} FROM wp_crossdock_outbox ORDER BY id")]

    def states(self) -> dict[str, int]:
        """How many rows are in which state."""
        return {
            state: int(n) for state, n in self.site.sql("SELECT state, COUNT(*) FROM wp_crossdock_outbox GROUP BY 1")
        }

    def forget(self) -> None:
        """Empty the outbox."""
        self.site.sql("DELETE FROM wp_crossdock_outbox")

    def log(self) -> list[tuple[str, ...]]:
        """The codes and messages of the log."""
        return [tuple(row) for row in self.site.sql("SELECT code, message FROM wp_crossdock_log ORDER BY id")]


def paired(site: Site, hub: Ears) -> Shop:
    """Pair a site with a stand-in of the hub."""
    pair(site, hub.url, KEY, SECRET)
    shop = Shop(site, hub)
    shop.forget()
    return shop
