"""Signatures of three ages, and what stands in an app's messages."""

from __future__ import annotations

import orjson
import pytest
from hubspot.utils.signature import Signature

from crossdock.connect.connector import Refused
from crossdock.connectors.hubspot.webhook import DOOR
from crossdock.model.observation import Doorbell

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
BODY = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
    b'"changeFlag":"NEW","appId":54321}]'
)
URL = "https://hub.example.test/webhooks/hubspot/t1"
AT = "1763690000000"
V3 = "bVv4ddwr8uKp9CIDfb43HPZ1doqwr8aqVADWa74ypCc="
V1 = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
V2_OF_THE_VENDOR = "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"


def v3(at: str = AT, signature: str = V3, url: str = URL, now: float = 1763690000) -> dict[str, str]:
    """Return the headers of a v3 message."""
    return {
        "x-hubspot-signature-v3": signature,
        "x-hubspot-request-timestamp": at,
        ":method": "POST",
        ":url": url,
        ":received-at": str(now),
    }


def old(version: str, signature: str, url: str = URL) -> dict[str, str]:
    """Return the headers of a message of an old app."""
    told = {"x-hubspot-signature": signature, "x-hubspot-signature-version": version}
    return {**told, ":method": "POST", ":url": url, ":received-at": "1763690000"}


def test_known_signatures_are_taken() -> None:
    """Vectors of the vendor and of its client, which signs as we expect."""
    DOOR.verify(v3(), BODY, SECRET)
    DOOR.verify(old("v1", V1), BODY, SECRET, oldest=1)
    vendors = b'{"example_field":"example_value"}'
    DOOR.verify(old("v2", V2_OF_THE_VENDOR, "https://www.example.com/webhook_uri"), vendors, SECRET, oldest=2)
    assert Signature.get_signature(SECRET, BODY.decode(), "v1") == V1
    theirs = Signature.get_signature(SECRET, BODY.decode(), "v3", URL, "POST", AT)
    DOOR.verify(v3(signature=theirs), BODY, SECRET)


@pytest.mark.parametrize(
    ("headers", "body", "secret", "oldest"),
    [
        (v3(), BODY + b" ", SECRET, 3),
        (v3(), BODY, "another", 3),
        (v3(url=URL + "?x=1"), BODY, SECRET, 3),
        (v3(now=1763690301), BODY, SECRET, 3),
        (v3(now=1763689939), BODY, SECRET, 3),
        (v3(at="soon"), BODY, SECRET, 3),
        (v3(at="1763690000001"), BODY, SECRET, 3),
        (v3(signature="ümlaut"), BODY, SECRET, 3),
        (old("v1", V1), BODY, SECRET, 2),
        (old("v1", V1), BODY, SECRET, 3),
        (old("v1", V1), BODY + b" ", SECRET, 1),
        (old("v9", V1), BODY, SECRET, 1),
        ({":method": "POST", ":url": URL, ":received-at": "1763690000"}, BODY, SECRET, 1),
        # a message with both is judged by the newer alone
        ({**old("v1", V1), **v3(signature="no")}, BODY, SECRET, 1),
    ],
)
def test_what_does_not_fit_is_refused(headers: dict[str, str], body: bytes, secret: str, oldest: int) -> None:
    """Another body, secret, address or time; an age of signatures that the app has left behind."""
    with pytest.raises(Refused):
        DOOR.verify(headers, body, secret, oldest=oldest)


def test_an_escaped_address_is_signed_as_the_vendor_does() -> None:
    """Some escapes of the address are decoded before it is signed, others stay."""
    import base64
    import hmac

    plain = f"POST{URL}?a=x:y%20z{AT}".encode().replace(AT.encode(), b"") + BODY + AT.encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), plain, "sha256").digest()).decode()
    DOOR.verify(v3(url=f"{URL}?a=x%3ay%20z", signature=signature), BODY, SECRET)


def event(kind: str, portal: int = 62515, **more: object) -> dict[str, object]:
    """Return one event."""
    return {"portalId": portal, "subscriptionType": kind, "objectId": 7, "occurredAt": 1, **more}


def test_events_become_doorbells_once_each_by_portal() -> None:
    """Changes of one record ring once; kinds we do not read ring nothing."""
    told = [
        event("contact.propertyChange", propertyName="phone", propertyValue="+49 1"),
        event("contact.propertyChange", propertyName="email"),
        event("deal.creation"),
        event("company.deletion", portal=99),
        event("object.propertyChange", objectTypeId="0-3", objectId=8, propertyName="dealstage"),
        event("contact.merge", primaryObjectId=1, mergedObjectIds=[2], newObjectId=3),
        event("deal.associationChange", fromObjectId=20, toObjectId=30, associationType="DEAL_TO_CONTACT"),
        event("conversation.creation"),
        event("ticket.creation"),
        event("contact.privacyDeletion", objectId=40),
    ]
    bells = DOOR.parse(orjson.dumps(told))
    assert bells[0] == ("hubspot-62515", Doorbell("contact", "7", reason="contact.propertyChange:phone"))
    assert [(uid, bell.stream, bell.external_id) for uid, bell in bells[1:]] == [
        ("hubspot-62515", "deal", "7"),
        ("hubspot-99", "company", "7"),
        ("hubspot-62515", "deal", "8"),
        ("hubspot-62515", "contact", "1"),
        ("hubspot-62515", "contact", "3"),
        ("hubspot-62515", "contact", "2"),
        ("hubspot-62515", "deal", "20"),
        ("hubspot-62515", "contact", "30"),
        ("hubspot-62515", "contact", "40"),
    ]


@pytest.mark.parametrize("body", [b"{", b'"text"', b"[1]", b'[{"portalId":"x"}]', b"[" + b"{}," * 1000 + b"{}]"])
def test_malformed_bodies_are_named(body: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"body|portalId|expected"):
        DOOR.parse(body)
