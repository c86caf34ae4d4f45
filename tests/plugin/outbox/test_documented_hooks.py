"""What the plugin's documents say of hooks and events is what its code does."""

from __future__ import annotations

import re

from tests.plugin.outbox.support import Shop
from tests.support.wordpress.site import PLUGIN

DOCS = PLUGIN.parent / "docs"
FIRED = re.compile(r"(?:apply_filters|do_action)\(\s*'(crossdock_[a-z_]+)'")
TAKEN = re.compile(r"->on\( '(crossdock_[a-z_]+)'|HOOK = '(crossdock_[a-z_]+)'|array\( '(crossdock_[a-z_]+)', [A-Z]")
CALLS = re.compile(r"```php\n(.*?)```", re.DOTALL)


def code() -> str:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (PLUGIN / "src").rglob("*.php"))
    return re.sub(r"/\*\*.*?\*/", "", text, flags=re.DOTALL)


def test_every_hook_of_the_code_is_documented_and_every_documented_one_is_in_the_code() -> None:
    told = (DOCS / "hooks.md").read_text(encoding="utf-8")
    hooks = set(FIRED.findall(code())) | {"".join(one) for one in TAKEN.findall(code())}
    headings = set(re.findall(r"^### `(crossdock_[a-z_]+)`", told, re.MULTILINE))
    rows = set(re.findall(r"^\| `(crossdock_[a-z_]+)`", told, re.MULTILINE))
    assert headings.union(rows) == hooks
    for heading in headings:
        assert f"'{heading}'" in "".join(CALLS.findall(told)), f"{heading} has no example"


def test_the_documented_events_are_taken(shop: Shop) -> None:
    examples = [one for one in CALLS.findall((DOCS / "events.md").read_text(encoding="utf-8")) if "$payload" not in one]
    shop.php("$user_id = 1;" + "".join(examples))
    assert shop.log() == []
    assert shop.run()["sent"] == 4
    assert [item["type"] for item in shop.hub.items] == [
        "assessment.completed",
        "biomarker.updated",
        "health_goal.created",
        "health_goal.completed",
    ]
    assert {item["data"]["sensitivity"] for item in shop.hub.items} == {"phi"}
    assert {item["subject"] for item in shop.hub.items} == {"admin@example.com"}
