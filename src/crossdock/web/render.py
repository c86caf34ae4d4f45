"""Templates to text: Jinja2, everything escaped, a missing name is an error."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from crossdock.web import words
from crossdock.web.sitemap import current, labels, lines_for
from crossdock.web.static import address

if TYPE_CHECKING:
    from crossdock.web.desk import Desk

_FOLDER = Path(__file__).with_name("templates")


@cache
def _templates() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    env.filters.update(words.FILTERS)
    env.globals.update(static=address, lines_for=lines_for, current=current, **words.GLOBALS)
    return env


def rendered(template: str, *, desk: Desk, **values: Any) -> str:
    """Return a template's text for a request; every template has the parts as ``p``."""
    zone = values["seat"].zone if values.get("seat") else "UTC"
    known = {
        "desk": desk,
        "to": desk.to,
        "here": desk.here,
        "csrf": desk.csrf,
        "counts": labels(desk.counts),
        "zone": zone,
        "now": datetime.now(UTC),
        **values,
    }
    templates = _templates()
    known["p"] = templates.get_template("parts/all.html").make_module(known)
    return templates.get_template(template).render(known)
