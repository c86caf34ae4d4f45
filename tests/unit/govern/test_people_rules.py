"""What a password, an address and a name may be; what is kept of a browser; where a login leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.errors import BadInput
from crossdock.govern.people.agents import spoken
from crossdock.govern.people.codes import bare, new_recovery_codes
from crossdock.govern.people.hashing import LONGEST, Argon2, spelt
from crossdock.govern.people.rules import SHORTEST, email_of, name_of, password_of, zone_of
from crossdock.web.rooms.entering import onward_of

EMAIL = "ann.smith@people.example"


@pytest.mark.parametrize(
    "password",
    [
        "nine bicycles under a lamp",
        "correct-horse-battery-staple-9",
        "ööööö and ßßßßß",
        "all lower case words",
        "73829104857362",
        " spaces at the ends ",
        "ひらがなのながいことば",
    ],
)
def test_length_is_what_counts_and_no_kind_of_character(password: str) -> None:
    assert password_of(password * (1 if len(password) >= SHORTEST else 2), EMAIL)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "too short"),
        ("eleven char", "too short"),
        (EMAIL, "is the e-mail address"),
        (EMAIL.upper(), "is the e-mail address"),
        ("password1234", "tried first"),
        ("Password!!!!", "tried first"),
        ("123password123", "tried first"),
        ("P@ssw0rd2024", "tried first"),
        ("qwertyuiop123", "tried first"),
        ("aaaaaaaaaaaaaaa", "tried first"),
        ("abcabcabcabcabc", "tried first"),
        ("123456789012", "tried first"),
        ("987654321098", "tried first"),
        ("abcdefghijklmn", "tried first"),
        ("correcthorsebatterystaple", "tried first"),
        ("x" * (LONGEST + 1), "longer than"),
    ],
)
def test_what_is_tried_first_is_refused_and_never_shown(password: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as told:
        password_of(password, EMAIL)
    assert told.value.field == "password"
    assert not password or password not in f"{told.value.problem} {told.value.remedy}"


def test_the_first_half_of_the_address_is_no_password_either() -> None:
    with pytest.raises(BadInput, match="e-mail address"):
        password_of("a-very-long-name", "a-very-long-name@people.example")


def test_one_spelling_of_a_password_opens_what_another_closed() -> None:
    hasher = Argon2(memory_kib=8, passes=1)
    hashed = hasher.hash(spelt("u\u0308ber den Wolken"))
    assert hasher.verify(hashed, spelt("über den Wolken"))
    assert not hasher.verify(hashed, spelt("uber den Wolken"))
    assert not hasher.verify("no hash", "x")


def test_a_hash_names_its_parameters_and_is_stale_under_others() -> None:
    one, other = Argon2(memory_kib=8, passes=1), Argon2(memory_kib=16, passes=1)
    hashed = one.hash("x")
    assert hashed.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert not one.stale(hashed)
    assert other.stale(hashed)
    assert other.verify(hashed, "x")


@pytest.mark.parametrize(
    "wrong", ["", "a", "a@", "@b.c", "a b@c.d", "a@b c", "a@b,c", "a@b\n.c", "a@-b.c", "a@b.c\x00", "x" * 250 + "@b.c"]
)
def test_what_is_no_address_is_refused_without_being_shown(wrong: str) -> None:
    with pytest.raises(BadInput) as told:
        email_of(wrong)
    assert len(wrong) < 2 or wrong not in told.value.problem + told.value.remedy


def test_an_address_has_one_spelling() -> None:
    assert email_of("  Ann.Smith@PEOPLE.example ") == "ann.smith@people.example"
    assert email_of("zoe\u0308@people.example") == email_of("ZOË@people.example")


@pytest.mark.parametrize("wrong", ["", "  ", "a\x00b", "x" * 101, "\u202eevil"])
def test_a_name_is_what_can_be_read(wrong: str) -> None:
    with pytest.raises(BadInput):
        name_of(wrong)


def test_zones_are_those_of_the_tz_database() -> None:
    assert zone_of("Europe/Berlin") == "Europe/Berlin"
    for wrong in ("", "Mars/Olympus", "../../etc/passwd", "europe/berlin"):
        with pytest.raises(BadInput):
            zone_of(wrong)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/17 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) CriOS/130 Mobile Safari/604", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", "a browser"),
        ("somebody@people.example", "a browser"),
    ],
)
def test_two_words_of_a_browser_are_kept(agent: str, said: str) -> None:
    assert spoken(agent) == said


def test_recovery_codes_are_ten_different_ones_that_may_be_typed_in_any_way() -> None:
    codes = new_recovery_codes()
    assert len({*codes, *new_recovery_codes()}) == 20
    for code in codes:
        assert len(bare(code)) == 16
        assert not set(bare(code)) & set("01ilo")
        assert bare(f" {code.upper().replace('-', ' – ')} ") == bare(code)


@given(st.text(max_size=60))
def test_a_login_leads_nowhere_but_to_this_hub(asked: str) -> None:
    onward = onward_of(asked)
    assert onward in ("/", asked)
    assert onward.startswith("/")
    assert not onward.startswith(("//", "/\\"))
    assert "\\" not in onward
    assert "\n" not in onward


def test_a_login_leads_to_where_one_wanted_to_go() -> None:
    assert onward_of("/t/default/events?state=dead&x=%2F") == "/t/default/events?state=dead&x=%2F"
    for away in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/logout", "/login"):
        assert onward_of(away) == "/"
