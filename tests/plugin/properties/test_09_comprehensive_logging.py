"""Property 09: every trouble is kept with what helps to find it, once, and never with a secret or a person's data."""

from __future__ import annotations

import random
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, NOW, token, told
from tests.support.wordpress.site import Site

LEVELS = ("debug", "info", "warning", "error")

WRITE = (
    DOUBLES
    + """
global $wpdb;
$found = array();
foreach ( $cases as $case ) {
	$wpdb->query( "DELETE FROM {$wpdb->prefix}crossdock_log" );
	$fresh()->get( \\Crossdock\\Settings\\Settings::class )->keep( array( 'log_level' => $case['threshold'] ) );
	wp_cache_flush();
	$log = $fresh( $clock )->get( \\Crossdock\\Monitor\\Log::class );
	foreach ( $case['times'] as $after ) {
		$clock->at = (float) $case['at'] + $after;
		$log->{$case['level']}( $case['code'], $case['message'], $case['context'] );
	}
	$found[] = $wpdb->get_results( "SELECT at, last_at, times, level, code, message, context FROM {$wpdb->prefix}crossdock_log ORDER BY id", ARRAY_A );
}
return $found;
"""
)


def _secrets(rng: random.Random) -> list[tuple[str, str]]:
    """Pieces that must not be kept: how they stand in a message, and what must not be found."""
    mail = f"{token(rng, 3, 9)}.canary@example.com"
    canary = "Zx" + "".join(rng.choice("abcdefghij23456789") for _ in range(30))
    number = "".join(rng.choice("0123456789") for _ in range(9))
    return [
        (mail, mail),
        (f"X-Crossdock-Key: cdk_{canary}", canary),
        (f"secret=cds_{canary}", canary),
        (f"code cdp1.aHR0cHM6Ly9odWI.{canary}", canary),
        (f"Authorization: Bearer {canary}", canary),
        (f"password={canary}", canary),
        (f"consumer_secret: {canary}", canary),
        (f"https://user:{canary}@hub.example/x", canary),
        (f"https://hub.example/x?token={canary}", canary),
        (f"+49 {number[:4]} {number[4:]}", number[4:]),
        (f"<b onclick='{canary}'>x</b>", canary),
    ]


def _case(rng: random.Random) -> dict[str, Any]:
    plain = "Order " + " ".join("".join(rng.choice("abcdefgh") for _ in range(5)) for _ in range(rng.randint(1, 6)))
    planted, canary = rng.choice(_secrets(rng))
    message = rng.choice([f"{plain} {planted}", f"{planted} {plain}", f"{plain} ({planted}) {plain}"])
    context = {
        "attempts": rng.randint(0, 99),
        "entity": f"order:{rng.randint(1, 9999)}",
        "email": canary,
        "body": canary,
    }
    times = sorted(rng.choice([0, 1, 299, 301, 700]) for _ in range(rng.randint(1, 4)))
    return {
        "level": rng.choice(LEVELS),
        "threshold": rng.choice(LEVELS[1:]),
        "code": rng.choice(["unreachable", "bad-signature", "http-500"]),
        "message": message + " " + rng.choice(["", "äö", "🙂 <i>", "\x00\n"]),
        "plain": plain,
        "canary": canary,
        "context": context,
        "times": times,
        "at": NOW,
    }


def _rows(case: dict[str, Any]) -> list[int]:
    """How often each row was said: what is said again within five minutes of the last time is one row."""
    if LEVELS.index(case["level"]) < LEVELS.index(case["threshold"]):
        return []
    rows: list[list[int]] = []
    for at in case["times"]:
        if rows and at - rows[-1][-1] <= 300:
            rows[-1].append(at)
        else:
            rows.append([at])
    return [len(row) for row in rows]


def test_what_is_logged_helps_and_gives_nothing_away(site: Site, rng: random.Random) -> None:
    cases = [_case(rng) for _ in range(CASES)]
    found = site.php(WRITE, cases=cases)
    told([[int(row["times"]) for row in rows] for rows in found], [_rows(case) for case in cases], cases)
    for case, rows in zip(cases, found, strict=True):
        for row in rows:
            assert row["level"] == case["level"]
            assert row["code"] == case["code"]
            assert case["plain"] in row["message"], f"{case!r} became {row!r}"
            assert case["canary"] not in row["message"] + row["context"], f"{case!r} became {row!r}"
            assert f'"entity":"{case["context"]["entity"]}"' in row["context"], f"{case!r} became {row!r}"


ROTATE = (
    DOUBLES
    + """
global $wpdb;
$found = array();
foreach ( $cases as $case ) {
	$wpdb->query( "DELETE FROM {$wpdb->prefix}crossdock_log" );
	foreach ( array_chunk( $case['ages'], 200 ) as $some ) {
		$rows = array();
		foreach ( $some as $number => $age ) {
			$at = \\Crossdock\\Wp\\Moment::stored( $clock->now() - $age );
			$rows[] = $wpdb->prepare( '(%s, %s, %s, %s, %s)', $at, $at, 'error', 'x', "m $number $age" );
		}
		$wpdb->query( "INSERT INTO {$wpdb->prefix}crossdock_log (at, last_at, level, code, message) VALUES " . implode( ',', $rows ) );
	}
	$fresh()->get( \\Crossdock\\Settings\\Settings::class )->keep( array( 'keep_log_days' => $case['days'], 'keep_log_rows' => $case['rows'] ) );
	wp_cache_flush();
	$fresh( $clock )->get( \\Crossdock\\Monitor\\LogEntries::class )->rotate();
	$found[] = array_map( 'intval', $wpdb->get_col( "SELECT ROUND(UNIX_TIMESTAMP('2026-11-21 10:00:00') - UNIX_TIMESTAMP(last_at)) FROM {$wpdb->prefix}crossdock_log ORDER BY last_at DESC" ) );
}
return $found;
"""
)


def test_the_log_keeps_within_its_bounds(site: Site, rng: random.Random) -> None:
    cases = []
    for _ in range(20):
        ages = rng.sample(range(1, 40 * 86400), rng.randint(50, 300))
        cases.append({"ages": ages, "days": rng.randint(1, 40), "rows": rng.choice([100, 150, 5000])})
    found = site.php(ROTATE, cases=cases)
    wanted = [sorted(age for age in case["ages"] if age <= case["days"] * 86400)[: case["rows"]] for case in cases]
    assert [len(one) for one in found] == [len(one) for one in wanted]
