"""Why something died, and what is shown of an attempt: enough to act on, and nothing of anybody."""

from __future__ import annotations

import orjson
import pytest

from crossdock.flow.deliver.cause import Cause, cause_of, shape
from crossdock.flow.deliver.job import Job
from crossdock.flow.deliver.told import detail_of
from crossdock.model.delivery import SkipReason
from crossdock.model.outcome import Delivered, Exchange, Gone, Outcome, Rejected, Retry, Unknown
from crossdock.model.plan import Verb, Write
from tests.unit.deliver.jobs import ended, job


def _of(outcome: Outcome) -> Cause:
    return cause_of(ended(outcome))


def test_a_cause_is_connector_code_field_and_rule() -> None:
    assert _of(Rejected("amount: text", code="mapping", field="deals.amount", rule="transform decimal")) == Cause(
        "crm", "mapping", "deals.amount", "transform decimal"
    )
    assert _of(Rejected("no such option", code="INVALID_OPTION", field="dealstage")) == Cause(
        "crm", "INVALID_OPTION", "dealstage", ""
    )


def test_two_people_with_the_same_trouble_are_one_cause() -> None:
    one = _of(Rejected("zoe@example.org is no address of 'Zoe' (17)", code="400"))
    other = _of(Rejected("max@example.org is no address of 'Max' (18)", code="400"))
    assert one == other
    assert one.id == other.id
    assert "example" not in str(one)
    assert one != _of(Rejected("the amount is no number", code="400"))


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    assert (
        str(Cause("hubspot", "mapping", "deals.amount", "transform decimal").id)
        == "d2d6407f-4b18-e1aa-d3f9-a8fc48364770"
    )
    assert Cause("a", "b", "c", "d").id != Cause("a", "b", "cd", "").id


@pytest.mark.parametrize("outcome", [Retry("busy", code="503"), Unknown("cut after 15 s"), Gone()])
def test_what_was_given_up_says_so(outcome: Outcome) -> None:
    assert _of(outcome).rule == "given up"


def test_a_shape_holds_nothing_that_is_quoted_numbered_or_addressed() -> None:
    assert (
        shape("order 4711 of “Zoë Müller” <zoe@example.org> has +49-170 and 'x'")
        == "order # of … <[e-mail]> has # and …"
    )


def test_an_attempt_shows_the_call_the_names_of_its_fields_and_the_answer() -> None:
    failing = job(("contact", Write(Verb.UPSERT, "contacts", "k", {"email": "zoe@example.org", "phone": "+49 170 1"})))
    called = Exchange("POST", "/crm/contacts/batch", 400, "VALIDATION", "no address: zoe@example.org", 3.0)
    failing.outcome = Rejected("no address: zoe@example.org", "VALIDATION", "email", exchange=called)
    told = detail_of(failing)
    assert told is not None
    assert orjson.loads(told) == {
        "request": {
            "step": "contact",
            "fields": {"contacts": ["email", "phone"]},
            "method": "POST",
            "path": "/crm/contacts/batch",
        },
        "answer": {
            "message": "no address: [e-mail]",
            "status": 400,
            "code": "VALIDATION",
            "retry_after_s": 3.0,
            "field": "email",
        },
    }


def test_nothing_is_kept_of_what_succeeded_or_was_skipped() -> None:
    skipped = ended(None)
    skipped.skipped = SkipReason.FILTER
    assert [detail_of(one) for one in (ended(Delivered("1")), skipped, ended(None))] == [None, None, None]


def test_a_message_shows_no_word_of_its_body() -> None:
    sent: Job = job(("post", Write(Verb.SEND, "message", "k", body=b'{"email": "zoe@example.org"}')))
    sent.outcome = Unknown("no answer in time", Exchange("POST", "", None, "timeout", "no answer in time"))
    told = orjson.loads(detail_of(sent) or "")
    assert told["request"] == {"step": "post", "fields": {}, "method": "POST", "path": ""}
    assert told["answer"]["status"] is None
