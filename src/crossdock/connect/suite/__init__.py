"""The contract suite: named rules that every connector proves against its sandbox (extra ``crossdock[suite]``).

In ``tests/contract/<name>/test_suite.py``::

    from crossdock.connect.suite import contract
    from tests.contract.<name>.harness import HARNESS

    test_rule = contract(HARNESS)

Every rule is named in the manifest's ``[quality]``: ``done`` runs it, ``exempt: <vendor fact>`` shows why it cannot
hold, ``todo`` fails. A rule that is not named fails too. The names::

    check-good                     the check of good access is ok and names the account
    check-bad-credentials          the check of bad credentials says what is wrong and what to do
    paging-complete                a full read finds every entity, once a page
    paging-stable-under-inserts    nothing is skipped when entities come and change between two pages
    cursor-loses-nothing           what comes or changes after a read is found by the next one
    retry-after-obeyed             a 429 is Throttled for as long as the vendor says
    5xx-retried                    a 503 is Retry, and the repeat is delivered
    4xx-final                      what the vendor refuses is Rejected, with a reason for people
    timeout-unknown-then-safe      an answer cut after the effect is Unknown; the repeat leaves one record
    401-refresh-once               an expired token is Refresh (renewable credentials)
    idempotent-upsert              the same write twice leaves one record
    batch-partial-failure          one bad write among good ones fails alone
    signature-good                 a well-signed message is taken
    signature-bad                  another secret's signature is refused
    signature-stale                a message outside the time window is refused
    signature-other-body           a changed body is refused
    mapper-round-trip              what the mapper writes it reads back
    secrets-never-logged           no secret appears in logs, output, errors or reprs
    erasure-works-or-exempt        a person can be erased
    sandbox-refuses-what-vendor-refuses
    docs-current                   the reference page is the one the manifest makes
    removal-clean                  nothing else imports the connector
    deals-whole                    a deal comes with its lines, person, company and owner
    deals-few-requests             reading a deal takes the same requests however many lines it has
    deals-paging-stable            a list of deals skips none and tells none twice
    deal-number-written            an invoice's number is written to its deal, once and to no other
"""

from __future__ import annotations

from crossdock.connect.suite.harness import (
    Bench,
    EraseBench,
    Harness,
    ReadBench,
    RenewBench,
    SignBench,
    Variant,
    WriteBench,
)
from crossdock.connect.suite.prove import contract, verdicts
from crossdock.connect.suite.rule import Part, Rule, rules

__all__ = [
    "Bench",
    "EraseBench",
    "Harness",
    "Part",
    "ReadBench",
    "RenewBench",
    "Rule",
    "SignBench",
    "Variant",
    "WriteBench",
    "contract",
    "rules",
    "verdicts",
]
