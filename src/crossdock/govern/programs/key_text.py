"""What an API key looks like: ``cdk_``, ``test_`` on a test side, 256 random bits in base 62, and a checksum.

The checksum tells a key from a slip of the pen, and from what only looks like one (for scanners that search code and
logs for keys), without asking the database. It keeps nobody out: the random bits do.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from typing import Final

LIVE: Final = "cdk_"
TEST: Final = "cdk_test_"
_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BITS, _DIGITS, _CHECKED = 256, 43, 6
_FORM: Final = re.compile(rf"(?:{TEST}|{LIVE})[0-9A-Za-z]{{{_DIGITS + _CHECKED}}}", re.ASCII)
_FIRST_FORM: Final = re.compile(rf"{LIVE}[\w-]{{{_DIGITS}}}", re.ASCII)
"""Of the keys that were made before they had checksums; they go on."""


def made(*, test: bool = False) -> str:
    """Make a key."""
    body = (TEST if test else LIVE) + _base62(secrets.randbits(_BITS), _DIGITS)
    return body + _checksum(body)


def could_be(text: str) -> bool:
    """Whether a text may be a key: its form is right, and so is its checksum where it has one."""
    if _FORM.fullmatch(text):
        return _checksum(text[:-_CHECKED]) == text[-_CHECKED:]
    return _FIRST_FORM.fullmatch(text) is not None


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKED)


def _base62(number: int, digits: int) -> str:
    found = []
    for _ in range(digits):
        number, digit = divmod(number, len(_ALPHABET))
        found.append(_ALPHABET[digit])
    return "".join(reversed(found))
