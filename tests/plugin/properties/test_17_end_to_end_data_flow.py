"""Property 17: when all has been sent, the hub knows of each person what the site knows, and each event once."""

from __future__ import annotations

import random
from typing import Any

import orjson

from crossdock.settings import Settings
from tests.plugin.journeys.stage import Stage, opened
from tests.plugin.properties.support import text
from tests.support.wordpress.site import Site

CASES = 200
"""People; each has a story of its own."""
ROUNDS = 6

LIVE = """
add_filter( 'send_password_change_email', '__return_false' );
add_filter( 'send_email_change_email', '__return_false' );
require_once ABSPATH . 'wp-admin/includes/user.php';
foreach ( $steps as $step ) {
	list( $verb, $n, $with ) = $step;
	$user = get_user_by( 'login', "person$n" );
	if ( 'new' === $verb ) { wp_insert_user( array( 'user_login' => "person$n", 'user_pass' => 'x', 'user_email' => "person$n@example.com", 'first_name' => $with ) ); }
	if ( 'name' === $verb ) { wp_update_user( array( 'ID' => $user->ID, 'last_name' => $with ) ); }
	if ( 'city' === $verb ) { update_user_meta( $user->ID, 'billing_city', wp_slash( $with ) ); wp_update_user( array( 'ID' => $user->ID, 'nickname' => 'n' . $n ) ); }
	if ( 'event' === $verb ) { do_action( 'crossdock_event', 'lesson.done', array( 'mark' => $with ), $user->ID ); }
	if ( 'gone' === $verb ) { wp_delete_user( $user->ID ); }
}
"""

NOW = """
$found = array();
foreach ( get_users( array( 'search' => 'person*', 'search_columns' => array( 'user_login' ) ) ) as $user ) {
	$data = \\Crossdock\\Plugin::container()->get( \\Crossdock\\Documents\\CustomerDocument::class )->read( $user->ID )->data;
	$found[ $data['email'] ] = array( (string) $data['id'], $data['first_name'], $data['last_name'], $data['billing']['city'] );
}
return (object) $found;
"""


def _stories(rng: random.Random) -> tuple[list[list[list[Any]]], set[str], int]:
    """Return what happens in each round, the marks of the events, and how many people are gone at the end."""
    rounds: list[list[list[Any]]] = [[] for _ in range(ROUNDS)]
    marks: set[str] = set()
    gone = 0
    for number in range(CASES):
        at = rng.randrange(ROUNDS)
        plain = "".join(one for one in text(rng, 1, 12) if one not in "<>&%\t").strip() or "x"
        rounds[at].append(["new", number, plain])
        for _ in range(rng.randint(0, 4)):
            at = rng.randint(at, ROUNDS - 1)
            verb = rng.choice(["name", "city", "event", "event"])
            word = f"w{number}x{rng.randrange(10**9)}"
            rounds[at].append([verb, number, word])
            marks |= {word} if verb == "event" else set()
        if rng.random() < 0.1:
            rounds[rng.randint(at, ROUNDS - 1)].append(["gone", number, ""])
            gone += 1
    return rounds, marks, gone


async def test_the_hub_knows_in_the_end_what_the_site_knows(settings: Settings, site: Site, rng: random.Random) -> None:
    rounds, marks, gone = _stories(rng)
    async with opened(settings, site) as stage:
        for steps in rounds:
            await stage.php(LIVE, steps=steps, user=1, timeout_s=300)
            away = rng.random() < 0.4
            if away:
                await stage.shut()
            await stage.send()
            if away:
                await stage.open()
        await _settle(stage)
        site_knows = await stage.php(NOW)
        records = await stage.rows(
            "SELECT r.*, e.body, e.type FROM record r JOIN event e ON e.id = r.event_id WHERE r.stream = 'customer'"
        )
        there = [row for row in records if row["type"] != "customer.deleted"]
        hub_knows: dict[str, Any] = {}
        for row in there:
            known = orjson.loads(orjson.dumps(stage.hub.canonical.document(row), default=str))
            if known["email"].startswith("person"):
                names = (known["first_name"], known["last_name"], known["billing"]["city"])
                hub_knows[known["email"]] = [row["external_id"], *names]
        assert hub_knows == site_knows
        assert len(site_knows) == CASES - gone
        told = await stage.rows("SELECT count(*) AS n FROM event WHERE type = 'lesson.done'")
        assert told[0]["n"] == len(marks), "an event was lost or doubled"


async def _settle(stage: Stage) -> None:
    for _ in range(40):
        if set(await stage.outbox()) <= {"sent"}:
            return
        await stage.send()
    raise AssertionError(f"not all was sent: {await stage.outbox()}")
