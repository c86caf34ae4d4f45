"""HubSpot's webhooks: one address for all portals of an app, arrays of events, three ages of signatures. Pure.

Vendor facts: the key is the app's client secret. v3 signs method, URL, body and a time in milliseconds (HMAC-SHA256,
base64), with some percent-encoded characters of the URL decoded; v2 is hex SHA-256 over secret, method, URL and body;
v1 over secret and body. Events come out of order, may come again, and are told at most a hundred at once, for any
portal that has the app; an ``eventId`` is not unique. So an event is a doorbell: a fresh GET tells what is so now.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from crossdock.connect.connector import Refused
from crossdock.kit.signing import same, sign_base64
from crossdock.model.observation import Doorbell

WINDOW_S: Final = 300
"""A v3 signature older than this is refused (vendor fact),"""
AHEAD_S: Final = 60
"""and one from further in the future, which the vendor's own client lets pass."""
MOST: Final = 1_000
"""Events in one body; a hundred are known."""
_TYPES: Final = {"0-1": "contact", "0-2": "company", "0-3": "deal"}
_STREAMS: Final = frozenset(_TYPES.values())
_VERBS: Final = frozenset(
    {"creation", "deletion", "merge", "restore", "propertyChange", "associationChange", "privacyDeletion"}
)
_DECODED: Final = {
    f"%{ord(letter):02X}": letter
    for letter in ":/?@!$'()*,;"  # what HubSpot decodes before it signs; its other escapes stay
}
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)
_ID = re.compile(r"[0-9]{1,20}")
_PROPERTY = re.compile(r"[a-z0-9_]{1,100}")


class HubSpotDoor:
    """The receiving side of an app."""

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str, *, oldest: int = 3) -> None:
        """Check a signature with an app's client secret. ``oldest``: which age of signatures is still taken.

        An app that signs by v3 is judged by that alone. Raises ``Refused``.
        """
        v3 = headers.get("x-hubspot-signature-v3", "").strip()
        if v3:
            self._v3(headers, body, secret, v3)
            return
        theirs = headers.get("x-hubspot-signature", "").strip()
        age = {"v1": 1, "v2": 2}.get(headers.get("x-hubspot-signature-version", "").strip().lower(), 0)
        if not theirs or not age:
            raise Refused("the signature is missing")
        if age < oldest:
            raise Refused(f"a v{age} signature, which proves no time; this app's must be v{oldest}")
        about = f"{headers[':method']}{headers[':url']}" if age == 2 else ""
        ours = hashlib.sha256(secret.encode() + about.encode() + body).hexdigest()
        if not same(ours, theirs):
            raise Refused("the signature does not fit the body")

    def _v3(self, headers: Mapping[str, str], body: bytes, secret: str, theirs: str) -> None:
        told = headers.get("x-hubspot-request-timestamp", "").strip()
        if not re.fullmatch(r"[0-9]{1,15}", told):
            raise Refused("the signature's time is missing")
        url = _ENCODED.sub(lambda found: _DECODED[found[0].upper()], headers[":url"])
        signed = headers[":method"].encode() + url.encode() + body + told.encode()
        if not same(sign_base64(secret.encode(), signed), theirs):
            raise Refused("the signature does not fit the body")
        age_s = float(headers[":received-at"]) - int(told) / 1000
        if not -AHEAD_S <= age_s <= WINDOW_S:
            raise Refused("the signature's time is too far from now")

    def parse(self, body: bytes) -> list[tuple[str, Doorbell]]:
        """Read a verified body: (account uid, doorbell) of every event that concerns a stream of ours, once each.

        Raises ``ValueError`` naming what is malformed.
        """
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ValueError("body: expected JSON") from None
        events = [told] if isinstance(told, dict) else told
        if not isinstance(events, list) or len(events) > MOST:
            raise ValueError(f"body: expected a list of at most {MOST} events")
        found: dict[tuple[str, str, str], Doorbell] = {}
        for at, event in enumerate(events):
            if not isinstance(event, dict):
                raise ValueError(f"[{at}]: expected an object")
            portal = str(event.get("portalId", ""))
            if not _ID.fullmatch(portal):
                raise ValueError(f"[{at}].portalId: expected a number")
            for bell in _bells(event):
                found.setdefault((portal, bell.stream, bell.external_id), bell)
        return [(f"hubspot-{portal}", bell) for (portal, _, _), bell in found.items()]


def _bells(event: Mapping[str, Any]) -> list[Doorbell]:
    kind, _, verb = str(event.get("subscriptionType") or "").partition(".")
    stream = _TYPES.get(str(event.get("objectTypeId")), "") if kind == "object" else kind
    if stream not in _STREAMS or verb not in _VERBS:
        return []
    name = str(event.get("propertyName") or "")
    reason = f"{stream}.{verb}" + (f":{name}" if verb == "propertyChange" and _PROPERTY.fullmatch(name) else "")
    ends = [(stream, event.get("objectId"))]
    if verb == "merge":
        ends = [(stream, event.get(one)) for one in ("primaryObjectId", "newObjectId", "objectId")]
        merged = event.get("mergedObjectIds")
        ends += [(stream, one) for one in (merged if isinstance(merged, list) else ())]
    elif verb == "associationChange":
        other = _other_end(str(event.get("associationType") or ""), stream)
        ends = [(stream, event.get("fromObjectId") or event.get("objectId")), (other, event.get("toObjectId"))]
    return [Doorbell(one, str(each), reason=reason) for one, each in ends if one and _ID.fullmatch(str(each))]


def _other_end(told: str, stream: str) -> str:
    """Return the stream at the other end of ``CONTACT_TO_COMPANY``."""
    ends: Sequence[str] = told.lower().split("_to_")
    other = ends[1] if len(ends) == 2 and ends[0] == stream else ""
    return other if other in _STREAMS else ""


DOOR: Final = HubSpotDoor()
