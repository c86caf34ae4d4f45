"""An account and the program at its other side are looked at together; the program's trouble stops no account."""

from __future__ import annotations

from datetime import UTC, datetime

from crossdock.connect.connector import CheckResult
from crossdock.connect.watching import Finding, Judgement, Known, Sight
from crossdock.connect.watching_both import BothWatcher

KNOWN = Known(datetime(2026, 11, 21, tzinfo=UTC), {}, {}, "", ())


class Looker:
    """A watcher that finds what it is told to find."""

    def __init__(self, *codes: str, ok: bool = True) -> None:
        self.codes, self.ok, self.did = codes, ok, list[str]()

    async def look(self) -> Sight:
        return Sight(CheckResult(ok=self.ok))

    def diagnose(self, sight: Sight, known: Known) -> Judgement:
        found = tuple(Finding(code, "error", "c", "r", breaks=True, stops_writes=True) for code in self.codes)
        return Judgement(found, {"whose": self.codes[0] if self.codes else ""}, {"memory": len(self.codes)})

    async def change_hook(self, vendor_id: str, *, url: str = "", secret: str = "", active: bool = False) -> None:
        self.did.append(vendor_id)

    async def kick(self) -> None:
        self.did.append("kick")


async def judged(own: Looker, program: Looker) -> Judgement:
    both = BothWatcher(own, program)
    return both.diagnose(await both.look(), KNOWN)


async def test_the_programs_findings_stand_beside_and_stop_nothing() -> None:
    found = await judged(Looker("webhook-paused"), Looker("outbox-paused", "certificate-expired", "unreachable"))
    assert [(one.code, one.breaks, one.stops_writes) for one in found.findings] == [
        ("webhook-paused", True, True),
        ("outbox-paused", False, False),
    ]
    assert (found.account, found.memory) == ({"whose": "webhook-paused"}, {"memory": 1})


async def test_an_account_that_is_away_is_told_once() -> None:
    assert [one.code for one in (await judged(Looker("tls", ok=False), Looker("rest-blocked"))).findings] == ["tls"]
    assert [one.code for one in (await judged(Looker("rest-blocked"), Looker("rest-blocked"))).findings] == [
        "rest-blocked"
    ]


async def test_repairs_are_the_accounts() -> None:
    own, program = Looker(), Looker()
    both = BothWatcher(own, program)
    await both.change_hook("5")
    await both.kick()
    assert (own.did, program.did) == (["5", "kick"], [])
