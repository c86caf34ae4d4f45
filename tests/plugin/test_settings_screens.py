"""The screens Connection and Settings: what is kept, what is refused and how it is said, files, backups."""

from __future__ import annotations

import json
import re
from html import unescape

import requests

from tests.support.wordpress.site import Browser, Site

SETTINGS = "/wp-admin/admin.php?page=crossdock-settings"
CONNECTION = "/wp-admin/admin.php?page=crossdock-connection"
CODE = "cdp1.aHR0cDovLzEyNy4wLjAuMTox.abcdefghijklmnop"  # http://127.0.0.1:1, where nothing answers


def send(browser: Browser, page: str, action: str, **fields: str) -> requests.Response:
    """Send one of a screen's forms."""
    text = browser.get(page).text
    form = re.search(rf'name="crossdock_action" value="{action}">.*?name="crossdock_nonce" value="([0-9a-f]+)"', text)
    assert form, f"{page} has no form {action}"
    files = {"file": ("settings.json", fields.pop("file"))} if "file" in fields else None
    return browser.post(page, data={"crossdock_action": action, "crossdock_nonce": form[1], **fields}, files=files)


def kept(site: Site) -> dict[str, object]:
    found: dict[str, object] = site.php(
        "return Crossdock\\Plugin::container()->get( Crossdock\\Settings\\Settings::class )->all();"
    )
    return found


def words(answer: requests.Response) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def test_settings_are_kept_and_shown_again(site: Site) -> None:
    browser = site.session()
    answer = send(browser, SETTINGS, "settings-keep", **{"settings[retry_days]": "9", "settings[send_logins]": "1"})
    assert "The settings were kept." in words(answer)
    assert (kept(site)["retry_days"], kept(site)["send_logins"], kept(site)["send_orders"]) == (9, True, True)
    assert re.search(r'value="9" id="crossdock-retry_days"', browser.get(SETTINGS).text)


def test_a_wrong_value_is_named_at_its_field_and_nothing_is_kept(site: Site) -> None:
    browser = site.session()
    values = {"settings[retry_days]": "99", "settings[alert_email]": "no address", "settings[failure_threshold]": "7"}
    answer = send(browser, SETTINGS, "settings-keep", **values)
    assert "Give a number from 1 to 30." in words(answer)
    assert 'value="99" id="crossdock-retry_days"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
    assert '<a href="#crossdock-alert_email">' in answer.text
    assert kept(site)["failure_threshold"] == 10


def test_what_was_typed_is_escaped(site: Site) -> None:
    answer = send(site.session(), SETTINGS, "settings-keep", **{"settings[low_traffic]": '"><script>alert(1)</script>'})
    assert "<script>alert(1)" not in answer.text


def test_nobody_without_the_capability_gets_in(site: Site) -> None:
    site.php("wp_insert_user( array( 'user_login' => 'ed', 'user_pass' => 'pass-2', 'role' => 'editor' ) );")
    browser = site.session("ed", "pass-2")
    assert browser.get(SETTINGS).status_code == 403
    assert browser.get(CONNECTION).status_code == 403
    asked = browser.post("/wp-admin/admin-ajax.php", data={"action": "crossdock_test", "step": "name"})
    assert asked.status_code == 403


def test_a_form_without_its_nonce_is_refused(site: Site) -> None:
    browser = site.session()
    form = {"crossdock_action": "settings-keep", "crossdock_nonce": "x", "settings[retry_days]": "9"}
    assert browser.post(SETTINGS, data=form).status_code == 403
    assert kept(site)["retry_days"] == 5


def test_settings_travel_as_a_file_without_secrets(site: Site) -> None:
    browser = site.session()
    send(browser, SETTINGS, "settings-keep", **{"settings[retry_days]": "9", "settings[consent_text]": "Größe <b>"})
    file = send(browser, SETTINGS, "settings-export")
    assert "attachment" in file.headers["Content-Disposition"]
    document = file.json()
    assert document["settings"]["retry_days"] == 9
    assert "secret" not in file.text
    send(browser, SETTINGS, "settings-keep", **{"settings[retry_days]": "2"})
    answer = send(browser, SETTINGS, "settings-import", file=file.text)
    assert "The settings were imported" in words(answer)
    assert kept(site)["retry_days"] == 9
    assert site.php("return get_option( 'crossdock_backups' )[0]['settings']['retry_days'];") == 2


def test_a_file_that_is_changed_cut_foreign_or_wrong_is_refused_whole(site: Site) -> None:
    browser = site.session()
    text = send(browser, SETTINGS, "settings-export").text
    changed = text.replace('"retry_days": 5', '"retry_days": 6')
    assert changed != text
    wrong = json.loads(text)
    del wrong["check"]
    wrong["settings"].update(retry_days=6, batch_size=1000)
    newer = json.loads(text) | {"crossdock_settings": 2}
    for file, said in (
        (changed, "was changed or cut"),
        (text[:-30], "This is no file of settings"),
        ("<html>", "This is no file of settings"),
        (json.dumps(newer), "another generation"),
        (json.dumps(wrong), "Changes in one request: Give a number from 1 to 100."),
    ):
        assert said in re.sub(r"\s+", " ", words(send(browser, SETTINGS, "settings-import", file=file))).replace(
            " :", ":"
        )
    assert kept(site)["retry_days"] == 5


def test_a_backup_is_put_back_by_its_button(site: Site) -> None:
    browser = site.session()
    send(browser, SETTINGS, "settings-backup")
    send(browser, SETTINGS, "settings-keep", **{"settings[retry_days]": "9"})
    backup = site.php("return get_option( 'crossdock_backups' )[0]['id'];")
    assert "The backup was put back" in words(send(browser, SETTINGS, "settings-restore", backup=backup))
    assert kept(site)["retry_days"] == 5


def test_a_link_brings_the_code_and_only_the_button_uses_it(site: Site) -> None:
    browser = site.session()
    page = browser.get(f"{CONNECTION}&pair={CODE}")
    assert f'value="{CODE}"' in page.text
    assert site.php("return get_option( 'crossdock_connection', 'none' );") == "none"
    answer = send(browser, CONNECTION, "connection-pair", code=CODE)
    assert "Nothing answers at the hub’s address." in words(answer)
    assert "This is no pairing code." in words(send(browser, CONNECTION, "connection-pair", code="nonsense"))


def test_a_connection_by_hand_is_checked_before_it_is_kept(site: Site) -> None:
    browser = site.session()
    typed = {"hub": "http://hub.example?x=1", "key": "cdk_<b>", "secret": "wrong"}
    answer = send(browser, CONNECTION, "connection-hand", **typed)
    assert answer.text.count('aria-invalid="true"') == 3
    assert "wrong" not in re.findall(r'type="password" value="([^"]*)"', answer.text)
    assert site.php("return get_option( 'crossdock_connection', 'none' );") == "none"


def test_the_test_runs_step_by_step_and_without_a_script(site: Site) -> None:
    keep = "Crossdock\\Plugin::container()->get( Crossdock\\Hub\\Credentials::class )->keep"
    site.php(f"{keep}( 'http://127.0.0.1:1', 'cdk_x', 'cds_y', array() );")
    browser = site.session()
    answer = send(browser, CONNECTION, "connection-test")
    said = re.sub(r"\s+", " ", words(answer))
    assert "The hub itself: Error Nothing answers at the hub’s address." in said
    assert "The way back into this site: In order Requests come in whole." in said
    nonce = re.search(r'data-nonce="([0-9a-f]+)"', answer.text)
    assert nonce
    form = {"action": "crossdock_test", "_ajax_nonce": nonce[1], "step": "key"}
    told = browser.post("/wp-admin/admin-ajax.php", data=form).json()
    assert (told["success"], told["data"]["ok"], told["data"]["cause"]) == (True, False, "refused")
    assert "cds_" not in answer.text
