"""Installing and activating the plugin on a real WordPress."""

from __future__ import annotations

from tests.support.wordpress.site import Site


def test_the_plugin_is_activated_without_a_word(bare: Site) -> None:
    assert bare.activate() == ""
    assert bare.php("return get_option( 'active_plugins' );") == ["crossdock/crossdock.php"]
    assert bare.visitor().get("/").status_code == 200


def test_what_the_plugin_does_wrong_would_be_seen(site: Site) -> None:
    """The watch itself: a warning with the plugin in its trace is a complaint, WordPress' own is none."""
    site.php("trigger_error( 'something of crossdock', E_USER_WARNING );")
    site.php("_doing_it_wrong( 'crossdock_anything', 'it is a test', '1.0' );")
    site.php("trigger_error( 'something else', E_USER_WARNING );")
    said = " ".join(one["what"] for one in site.complaints())
    assert "something of crossdock" in said
    assert "crossdock_anything" in said
    assert "something else" not in said
    site.forget()


def test_mails_are_caught(site: Site) -> None:
    site.php("wp_mail( 'a@example.com', 'Subject', 'Text' );")
    assert [(mail["to"], mail["subject"]) for mail in site.mails()] == [("a@example.com", "Subject")]
