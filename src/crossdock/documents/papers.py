"""The front: documents of invoices, made and checked in a child process that lives while it is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from crossdock.documents.mill import LONGEST, Order, Result
from crossdock.documents.text import cleaned
from crossdock.documents.words import Document, Format, Problem
from crossdock.errors import BadInput, Overloaded, TooLarge, Trouble
from crossdock.model.commerce.invoice import Invoice, InvoiceState

MOST_LINES = 1_000
"""As many as an invoice of ours may have."""
_LIBRARIES = ("facturx", "fpdf", "lxml", "saxonche", "segno")
_MOST_WAITING = 64
_MOST_ORDERS = 2_000
"""A child is replaced after so many, so that what native code may leak stays bounded."""


class NotValid(BadInput):
    """The invoice breaks rules that its format demands; no document was handed out."""

    code = "invoice-not-valid"
    status = 422
    title = "The invoice breaks rules of this format"

    def __init__(self, document: Document) -> None:
        rules = list(dict.fromkeys(problem.rule for problem in document.fatal))
        super().__init__(
            f"as {document.format.value} the invoice breaks {', '.join(rules[:20])}",
            field="format",
            remedy="correct what the rules name (a draft is changed, an issued invoice credited and made anew)",
        )
        self.problems = document.fatal

    def as_problem(self) -> dict[str, Any]:
        """Add every broken rule: id, place and words."""
        return {**super().as_problem(), "rules": msgspec.to_builtins(self.problems)}


class Papers:
    """Makes and checks documents. One for a process; ``close`` it at the end.

    ``peppol_rules``: the publisher's file PEPPOL-EN16931-UBL.sch. ``idle_s``: how long the child waits for another
    order before it ends. ``limit_s``: how long one order may take before the child is killed.
    """

    def __init__(self, *, peppol_rules: Path | None = None, idle_s: float = 60, limit_s: float = 60) -> None:
        self._peppol_rules = str(peppol_rules or "")
        self._idle_s, self._limit_s = idle_s, limit_s
        self._child: Process | None = None
        self._orders = 0
        self.waiting = 0
        """Orders that are not answered yet."""
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def make(self, invoice: Invoice, form: Format) -> Document:
        """Return the document with everything that is wrong with it: see ``Document.fatal``.

        Raises ``TooLarge`` for more than 1,000 lines, ``Overloaded`` when too many wait, ``Trouble`` when the
        libraries are missing or an order takes longer than its limit.
        """
        if len(invoice.lines) > MOST_LINES:
            raise TooLarge(f"a document holds {MOST_LINES} lines at most", field="lines")
        sayable, replaced = cleaned(invoice)
        name = (
            re.sub(r"[^A-Za-z0-9._-]+", "-", sayable.number or sayable.id).strip("-.")[:80] or "invoice"
        ) + form.suffix
        if form is Format.JSON:
            return Document(format=form, content=as_json(sayable), name=name, problems=replaced)
        order = Order(format=form, invoice=msgspec.msgpack.encode(sayable), peppol_rules=self._peppol_rules)
        result = await self._carry_out(order)
        return Document(format=form, content=result.content, name=name, problems=(*result.problems, *replaced))

    async def valid(self, invoice: Invoice, form: Format) -> Document:
        """Return the document; raises ``NotValid`` with every broken rule when it is not."""
        document = await self.make(invoice, form)
        if document.fatal:
            raise NotValid(document)
        return document

    async def check(self, document: bytes) -> tuple[Problem, ...]:
        """Hold any UBL or CII document against its schema and rules."""
        return (await self._carry_out(Order(document=document, peppol_rules=self._peppol_rules))).problems

    async def close(self) -> None:
        """End the child; what is under way is broken off."""
        self._wait_no_more()
        if self._child is not None:
            await self._end(kill=True)
        await asyncio.gather(*self._ending)

    @property
    def child(self) -> int | None:
        """The child's process id while there is one."""
        return self._child.pid if self._child is not None else None

    async def _carry_out(self, order: Order) -> Result:
        if self.waiting >= _MOST_WAITING:
            raise Overloaded("too many documents wait to be made", retry_after_s=5)
        frame = msgspec.msgpack.encode(order)
        if len(frame) > LONGEST:
            raise TooLarge(f"a document's data may have {LONGEST // 2**20} MiB at most")
        self.waiting += 1
        try:
            async with self._turn:
                self._wait_no_more()
                result = await self._try_twice(frame)
                self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._nobody_asks)
        finally:
            self.waiting -= 1
        if result.failure == "RulesUnreadable":
            raise Trouble(
                "the file of the setting peppol_rules cannot be used: it is no Schematron with the binding xslt2",
                field="peppol_rules",
                remedy="name OpenPeppol's PEPPOL-EN16931-UBL.sch as it was published, or leave the setting out",
            )
        if result.failure:
            raise Trouble(
                f"the document could not be made ({result.failure})", remedy="report it with the invoice's id"
            )
        return result

    async def _try_twice(self, frame: bytes) -> Result:
        """A child that died meanwhile is replaced, once: input that kills it every time must not be tried for ever."""
        try:
            return await self._try(frame)
        except (OSError, EOFError):
            await self._end(kill=True)
        try:
            return await self._try(frame)
        except (OSError, EOFError):
            await self._end(kill=True)
            raise Trouble(
                "the process that makes documents ended twice", remedy="report it with the invoice's id"
            ) from None

    async def _try(self, frame: bytes) -> Result:
        child = await self._alive()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            async with asyncio.timeout(self._limit_s):
                child.stdin.write(len(frame).to_bytes(4) + frame)
                await child.stdin.drain()
                size = int.from_bytes(await child.stdout.readexactly(4))
                answer = await child.stdout.readexactly(size)
        except TimeoutError:
            await self._end(kill=True)
            raise Trouble(
                f"a document took longer than {self._limit_s:g} s", remedy="try it with fewer lines"
            ) from None
        except asyncio.CancelledError:
            # its answer would be taken for that of the next order
            self._let_go(kill=True)
            raise
        self._orders += 1
        return msgspec.msgpack.decode(answer, type=Result)

    async def _alive(self) -> Process:
        if self._child is not None and self._orders >= _MOST_ORDERS:
            await self._end(kill=False)
        if self._child is None or self._child.returncode is not None:
            self._child = await self._start()
            self._orders = 0
        return self._child

    async def _start(self) -> Process:
        missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
        if missing:
            raise Trouble(
                f"documents need libraries that are not installed: {', '.join(missing)}",
                remedy="pip install 'crossdock[invoices]', then start again",
            )
        # settings may hold passwords: none of the child's business
        known = {name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "crossdock.documents.mill", stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=known
        )

    def _wait_no_more(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _nobody_asks(self) -> None:
        self._idle = None
        if not self._turn.locked():
            self._let_go(kill=False)

    def _let_go(self, *, kill: bool) -> None:
        if self._child is not None:
            task = asyncio.get_running_loop().create_task(_ended(self._child, kill=kill))
            self._child = None
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end(self, *, kill: bool) -> None:
        self._let_go(kill=kill)
        await asyncio.gather(*self._ending)


async def _ended(child: Process, *, kill: bool) -> None:
    """End a child: by the end of its input, or at once."""
    if child.stdin is not None:
        child.stdin.close()
    if kill:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    try:
        async with asyncio.timeout(10):
            await child.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def supposed(invoice: Invoice) -> Invoice:
    """Return a draft as if it were issued now, for checks: what has no number cannot be valid anywhere."""
    if invoice.state is not InvoiceState.DRAFT:
        return invoice
    number, day = invoice.number or "DRAFT", invoice.issued_on or datetime.now(UTC).date()
    return msgspec.structs.replace(invoice, number=number, issued_on=day)


def as_json(invoice: Invoice) -> bytes:
    """Return the invoice in our own words; decimals are text, so that nobody rounds them."""
    return msgspec.json.format(msgspec.json.encode(invoice), indent=2) + b"\n"
