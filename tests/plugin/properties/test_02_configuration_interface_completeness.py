"""Property 02: the settings screen shows every setting with its value, named and explained, and gives back what it shows."""

from __future__ import annotations

import random
from html.parser import HTMLParser
from typing import Any

from tests.plugin.properties.support import CASES, DOUBLES, text, told
from tests.plugin.properties.test_04_configuration_persistence import TABLE
from tests.support.wordpress.site import Site

SHOW = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $settings ) {
	update_option( 'crossdock_settings', $settings );
	wp_cache_flush();
	ob_start();
	$fresh()->get( \\Crossdock\\Admin\\SettingsPage::class )->show();
	$found[] = ob_get_clean();
}
return $found;
"""
)

KEEP = (
    DOUBLES
    + """
$found = array();
foreach ( $cases as $case ) {
	update_option( 'crossdock_settings', $case['settings'] );
	wp_cache_flush();
	$faults  = $fresh()->get( \\Crossdock\\Settings\\Settings::class )->keep( $case['form'] );
	wp_cache_flush();
	$found[] = array( count( $faults ), $fresh()->get( \\Crossdock\\Settings\\Settings::class )->all() );
}
return $found;
"""
)


class Form(HTMLParser):
    """Reads what a browser would send, and what explains each field."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.labels: set[str] = set()
        self.ids: dict[str, str] = {}
        self.helped: dict[str, list[str]] = {}
        self.known: set[str] = set()
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.known.add(given.get("id", ""))
        if tag == "label":
            self.labels.add(given.get("for", ""))
        name = given.get("name", "").removeprefix("settings[").removesuffix("]")
        if not given.get("name", "").startswith("settings["):
            if tag == "option" and self._select and ("selected" in given or self._select not in self.sent):
                # a browser sends the first where none is chosen
                self.sent[self._select] = given["value"]
            return
        if given.get("type") != "hidden":
            self.ids[name] = given.get("id", "")
            self.helped[name] = given.get("aria-describedby", "").split()
        self._select = name if tag == "select" else ""
        if tag != "select" and (given.get("type") != "checkbox" or "checked" in given):
            self.sent[name] = given.get("value", "")


def _settings(rng: random.Random, table: dict[str, Any]) -> dict[str, Any]:
    """Return a valid value for every setting."""
    made: dict[str, Any] = {}
    for name, field in table.items():
        kind = field["type"]
        if kind == "bool":
            made[name] = rng.random() < 0.5
        elif kind in {"int", "auto"}:
            made[name] = rng.randint(field["least"], field["most"])
            if kind == "auto" and rng.random() < 0.5:
                made[name] = "auto"
        elif kind == "choice":
            made[name] = rng.choice(field["choices"])
        elif kind == "text":
            made[name] = text(rng, 0, min(60, field["most"])).strip()
        else:
            usual = {
                "email": ["", "a@example.com, b@example.org"],
                "window": ["", "23:00-05:30"],
                "ga4": ["", "G-AB12"],
            }
            made[name] = rng.choice(usual[kind])
    return made


def test_the_screen_shows_everything_and_gives_it_back(site: Site, rng: random.Random) -> None:
    table = site.php(TABLE)
    cases = [_settings(rng, table) for _ in range(CASES)]
    pages = site.php(SHOW, cases=cases, user=1, place="admin")
    forms = []
    for case, page in zip(cases, pages, strict=True):
        form = Form()
        form.feed(page)
        assert set(form.ids) == set(table), f"a setting has no field: {set(table) ^ set(form.ids)}"
        assert set(form.ids.values()) <= form.labels, "a field has no label"
        assert {one for some in form.helped.values() for one in some} <= form.known, "a field is explained by nothing"
        assert 'name="crossdock_nonce"' in page
        forms.append({"settings": case, "form": form.sent})
    kept = site.php(KEEP, cases=forms)
    told(kept, [[0, case] for case in cases], forms)
