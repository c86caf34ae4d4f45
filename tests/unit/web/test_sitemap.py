"""The sidebar and the pages of ids lead to pages that there are."""

from __future__ import annotations

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.web.page import Reach
from crossdock.web.rooms import all_pages
from crossdock.web.sitemap import home_of, lines_for

PATHS = {page.path for page in all_pages() if page.reach is Reach.TENANT and not page.acts}


def test_every_stop_of_the_sidebar_is_a_page() -> None:
    stops = [stop.path for line in lines_for(Role.OWNER) for stop in line.stops]
    assert len(stops) == len(set(stops)) > 10
    assert set(stops) <= PATHS


def test_what_is_not_for_a_role_is_not_offered() -> None:
    offered = {stop.path for line in lines_for(Role.VIEWER) for stop in line.stops}
    assert "/orders" in offered
    assert not offered & {"/users", "/keys", "/settings"}


def test_an_id_leads_to_the_page_of_its_kind() -> None:
    homes = {kind: home_of(show(kind, new_id())) for kind in Prefix}
    assert homes[Prefix.ORDER].startswith("/orders/ord_")
    assert homes[Prefix.CHANNEL].startswith("/alerts/channels/chn_")
    assert homes[Prefix.CAUSE] == homes[Prefix.USER] == home_of("all") == ""
    for home in filter(None, homes.values()):
        base = home.rpartition("/")[0]
        assert [path for path in PATHS if path.startswith(f"{base}/{{") and path.count("/") == home.count("/")], home
