"""What a name, an e-mail address, a time zone and a password may be."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from pathlib import Path
from typing import Final

from crossdock.errors import BadInput
from crossdock.govern.people.hashing import LONGEST, spelt

SHORTEST: Final = 12
"""Characters of a password. No rule about kinds of characters: length is what counts (NIST SP 800-63B)."""
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_COMMON: Final = frozenset(Path(__file__).with_name("tried_first.txt").read_text(encoding="ascii").split())
"""What everybody tries first, as it is without the digits and signs that people add to make it long."""
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "01234567890123456789",
)


def email_of(text: str, field: str = "email") -> str:
    """Return an e-mail address in lower case. Raises ``BadInput``, without showing what was typed."""
    address = unicodedata.normalize("NFC", text).strip().lower()
    if len(address) > 254 or not _ADDRESS.match(address) or not address.isprintable():
        raise BadInput("this is no e-mail address", field=field, remedy="write it as name@example.com")
    return address


def name_of(text: str, field: str = "name") -> str:
    """Return a person's name, trimmed. Raises ``BadInput``."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise BadInput("this is no name", field=field, remedy="write 1 to 100 letters")
    return name


def zone_of(text: str, field: str = "zone") -> str:
    """Return an IANA time zone. Raises ``BadInput``."""
    if text not in zones():
        raise BadInput("there is no such time zone", field=field, remedy="write it as Europe/Berlin, or UTC")
    return text


def zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(zoneinfo.available_timezones()) | {"UTC"}


def password_of(text: str, email: str, field: str = "password") -> str:
    """Return a password that may be used. Raises ``BadInput``, which says what is wrong and not what was typed."""
    password = spelt(text)
    if len(password) < SHORTEST:
        raise BadInput(
            f"the password is too short: it takes at least {SHORTEST} characters",
            field=field,
            remedy="a few words in a row are easy to remember and hard to guess",
        )
    if len(text) > LONGEST or len(password) > LONGEST:
        raise BadInput(f"the password is longer than {LONGEST} characters", field=field, remedy="shorten it")
    bare = password.casefold()
    if bare in (email, email.partition("@")[0]):
        raise BadInput("the password is the e-mail address", field=field, remedy="choose words that are not about you")
    if _usual(bare):
        raise BadInput(
            "the password is one of those that are tried first", field=field, remedy="choose a few words of your own"
        )
    return text


def _usual(bare: str) -> bool:
    core = re.sub(r"[\W\d_]+\Z", "", re.sub(r"\A[\W\d_]+", "", bare))
    words = {bare, core, bare.rstrip("!.?*#"), bare.translate(str.maketrans("@$0135", "asoles"))}
    if words & _COMMON or len(set(bare)) < 4:
        return True
    # the same a few times over, or a row of the keyboard
    for length in range(1, len(bare) // 2 + 1):
        piece = bare[:length]
        if len(piece) <= 6 and (piece * (len(bare) // length + 1))[: len(bare)] == bare:
            return True
    return any(bare in row + row or bare in (row + row)[::-1] for row in _ROWS)
