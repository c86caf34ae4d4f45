"""The front: a child process that comes when it is wanted, survives what kills it, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from crossdock.documents.mill import Order
from crossdock.documents.papers import NotValid, Papers, as_json
from crossdock.documents.words import Format
from crossdock.errors import Overloaded, TooLarge, Trouble
from crossdock.model.commerce.invoice import Invoice
from tests.support.invoices import invoice, line


@pytest.fixture
async def papers() -> AsyncIterator[Papers]:
    made = Papers(idle_s=30)
    yield made
    await made.close()


def gone(pid: int) -> bool:
    """Whether nothing runs under this id; what nobody has reaped yet does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = asyncio.get_running_loop().time() + 20
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, what
        await asyncio.sleep(0.01)


async def test_json_needs_no_child_and_reads_back(papers: Papers) -> None:
    made = await papers.make(invoice(), Format.JSON)
    assert papers.child is None
    assert msgspec.json.decode(made.content, type=Invoice) == invoice()
    assert (made.name, made.format.media_type) == ("2026-0001.json", "application/json")
    assert as_json(invoice()) == made.content


async def test_a_document_and_its_check(papers: Papers) -> None:
    made = await papers.valid(invoice(), Format.UBL_CORE)
    assert made.problems == ()
    assert made.name == "2026-0001.xml"
    assert await papers.check(made.content) == ()
    broken = await papers.check(made.content.replace(b"271.88", b"271.89"))
    assert {"BR-CO-15"} <= {problem.rule for problem in broken}


async def test_what_is_not_valid_is_refused_with_every_rule(papers: Papers) -> None:
    with pytest.raises(NotValid) as refused:
        await papers.valid(invoice(number="", buyer_reference=""), Format.UBL)
    told = refused.value.as_problem()
    assert told["status"] == 422
    assert {"BR-02", "PEPPOL-EN16931-R003"} <= {one["rule"] for one in told["rules"]}
    assert "BR-02" in told["detail"]
    assert "Müller" not in repr(told), "a refusal names fields and rules, not values"


async def test_a_killed_child_is_replaced(papers: Papers) -> None:
    await papers.make(invoice(), Format.CII)
    first = papers.child
    assert first is not None
    os.kill(first, signal.SIGKILL)
    made = await papers.make(invoice(), Format.CII)
    assert made.problems == ()
    assert papers.child not in (None, first)
    await until(lambda: gone(first), "nothing is left of it")


async def test_a_child_killed_in_the_middle_of_an_order(papers: Papers) -> None:
    await papers.make(invoice(), Format.CII)
    first = papers.child
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    under_way = asyncio.create_task(papers.make(invoice(), Format.CII))
    await until(lambda: papers.waiting == 1, "the order is under way")
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert (await under_way).problems == ()
    await until(lambda: gone(first), "nothing is left of it")


async def test_an_order_that_takes_too_long_ends_its_child() -> None:
    papers = Papers(limit_s=0.05)
    try:
        with pytest.raises(Trouble, match="longer than"):
            await papers.make(invoice(), Format.CII)
        assert papers.child is None
    finally:
        await papers.close()


async def test_an_idle_child_ends() -> None:
    papers = Papers(idle_s=0.05)
    try:
        await papers.make(invoice(), Format.CII)
        child = papers.child
        assert child is not None
        await until(lambda: papers.child is None and gone(child), "it ended for want of orders")
        assert (await papers.make(invoice(), Format.CII)).problems == ()
    finally:
        await papers.close()


async def test_orders_at_the_same_time_keep_apart(papers: Papers) -> None:
    made = await asyncio.gather(*(papers.make(invoice(number=f"N-{n}"), Format.UBL_CORE) for n in range(20)))
    for n, document in enumerate(made):
        assert f"<cbc:ID>N-{n}<".encode() in document.content


async def test_a_cancelled_order_does_not_answer_the_next(papers: Papers) -> None:
    await papers.make(invoice(), Format.CII)
    under_way = asyncio.create_task(papers.make(invoice(number="CANCELLED"), Format.UBL_CORE))
    await until(lambda: papers.waiting == 1, "the order is under way")
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert b"NEXT" in (await papers.make(invoice(number="NEXT"), Format.UBL_CORE)).content


async def test_too_much_is_refused(papers: Papers) -> None:
    with pytest.raises(TooLarge):
        await papers.make(invoice(*[line(n, "1.00") for n in range(1_001)]), Format.UBL)
    waiting = [asyncio.create_task(papers.make(invoice(), Format.CII)) for _ in range(70)]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(one, Overloaded) for one in done) == 6
    assert papers.waiting == 0


async def test_a_child_that_ends_at_once_is_not_tried_for_ever(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Trouble, match="ended twice"):
        await papers.make(invoice(), Format.CII)
    assert papers.child is None
    monkeypatch.undo()
    assert (await papers.make(invoice(), Format.CII)).problems == ()


async def test_an_order_that_fails_ends_nothing_and_tells_no_values(papers: Papers) -> None:
    with pytest.raises(Trouble, match=r"ValidationError|DecodeError") as told:
        await papers._carry_out(Order(format=Format.PDF, invoice=b"\x81\xa4name\xa8Jane Doe"))
    assert "Jane" not in repr(told.value.as_problem())
    before = papers.child
    assert (await papers.make(invoice(), Format.CII)).problems == ()
    assert papers.child == before


async def test_a_child_is_replaced_after_many_orders(papers: Papers) -> None:
    await papers.make(invoice(), Format.CII)
    first, papers._orders = papers.child, 2_000
    await papers.make(invoice(), Format.CII)
    assert first is not None
    assert papers.child != first
    await until(lambda: gone(first), "the former one ended")


async def test_a_document_that_is_too_large_is_not_even_sent(papers: Papers) -> None:
    with pytest.raises(TooLarge):
        await papers.check(b" " * (32 * 1024 * 1024))
    assert papers.child is None


async def test_missing_libraries_are_named(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Trouble) as told:
        await papers.make(invoice(), Format.CII)
    assert "crossdock[invoices]" in told.value.remedy


def test_the_child_ends_with_its_parent() -> None:
    code = (
        "import asyncio, os, signal\n"
        "from crossdock.documents.papers import Papers\n"
        "from crossdock.documents.words import Format\n"
        "async def main():\n"
        "    papers = Papers()\n"
        "    try: await papers.check(b'<a/>')\n"
        "    finally: print(papers.child, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    child = int(done.stdout)
    asyncio.run(until(lambda: gone(child), "the child outlived its parent"))


def test_the_parent_never_loads_the_libraries() -> None:
    code = (
        "import sys, crossdock.documents.papers\n"
        "print([name for name in ('lxml', 'saxonche', 'facturx', 'fpdf', 'segno', 'pypdf') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
