"""Keeping secrets and people out of what is written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "[redacted]"

_SECRET_NAMES = re.compile(
    r"authorization|secret|token|password|passwd|api[-_]?key|consumer[-_]?key|signature|cookie|credential",
    re.IGNORECASE,
)
_PERSON_NAMES = re.compile(
    r"e?-?mail|phone|(first|last|full|user|display|nick)_?name|address|postcode|zip|city|company|birth|ip_address|"
    r"user_agent|customer_note|avatar|\bline_?[12]\b|street|iban",
    re.IGNORECASE,
)
_IN_TEXT = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\b(?:ck|cs)_[0-9a-zA-Z]{8,}"), MASK),
    (re.compile(r"\b(?:pat-[a-z0-9-]{8,}|xox[abp]-[\w-]{8,}|whsec_[\w+/=-]{8,}|cdk_[\w-]{8,})"), MASK),
    # a signed token (JWT)
    (re.compile(r"\bey[\w-]{10,}\.ey[\w-]{10,}\.[\w-]{10,}"), MASK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 " + MASK),
    (
        re.compile(r"(?i)((?:consumer_secret|consumer_key|oauth_signature|token|secret|password)=)[^&\s\"']+"),
        r"\1" + MASK,
    ),
)


def text(value: str) -> str:
    """Mask what looks like a secret or an e-mail address inside free text; a NUL, which no text column takes, goes."""
    value = value.replace("\x00", "")
    for pattern, instead in _IN_TEXT:
        value = pattern.sub(instead, value)
    return value


def document(value: Any) -> Any:
    """Return a copy of a JSON value whose secret and personal fields are masked, by their names."""
    if isinstance(value, Mapping):
        return {k: MASK if _names_a_person_or_secret(str(k), v) else document(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [document(v) for v in value]
    return text(value) if isinstance(value, str) else value


def _names_a_person_or_secret(name: str, value: Any) -> bool:
    if isinstance(value, Mapping | list | tuple) or value in (None, ""):
        return False
    return bool(_SECRET_NAMES.search(name) or _PERSON_NAMES.search(name))
