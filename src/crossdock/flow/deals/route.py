"""A won deal becomes an invoice by a route: the action ``invoice``, carried out by the hub as a delivery."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.connect.client import CallFailed
from crossdock.connect.outcomes import failed
from crossdock.errors import CrossdockError
from crossdock.flow.deals.desk import Crms
from crossdock.flow.deals.maker import Maker
from crossdock.flow.deliver.errands import Left
from crossdock.flow.deliver.job import Task
from crossdock.flow.invoice import InvoiceConflict, InvoiceRefused
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.deal import Deal
from crossdock.model.connection import Connection
from crossdock.model.outcome import Delivered, Outcome, Rejected, Retry

ACTOR = "route"


class ByRoute:
    """Carries out deliveries of the action ``invoice``."""

    def __init__(self, crms: Crms, maker: Maker) -> None:
        self._crms = crms
        self._maker = maker

    async def __call__(self, connection: Connection, tasks: Sequence[Task]) -> list[Outcome | Left]:
        """Make the invoices of deals as the terms say; each deal has its own answer.

        The deals are read afresh: a deal that is not won any more, or that has its invoice, is left. The event names
        the task, so that a replay and a second try are the same invoice.
        """
        try:
            await self._maker.ready(connection)
            deals = await (await self._crms.deals(connection.id)).some([task.external_id for task in tasks])
        except CallFailed as problem:
            return [failed(problem)] * len(tasks)
        except CrossdockError as problem:
            return [Retry(f"{problem}; {problem.remedy}", code=problem.code)] * len(tasks)
        known = {deal.id: deal for deal in deals}
        return [await self._one(connection, task, known.get(task.external_id)) for task in tasks]

    async def _one(self, connection: Connection, task: Task, deal: Deal | None) -> Outcome | Left:
        if task.source_id != connection.id:
            return Rejected(
                "a deal's invoice is told to the CRM the deal is of",
                code="invoice-refused",
                field="destination",
                rule="route.own-crm",
            )
        if deal is None:
            return Left("the deal is not there any more: archived, merged or deleted")
        try:
            verdict = await self._maker.invoicing.verdict(connection.tenant_id, connection.id, deal)
            if verdict.then == "nothing":
                return Left(f"the terms leave this deal alone: {verdict.rule.words}")
            key = f"event:{show(Prefix.EVENT, task.event_id)}"
            issue = verdict.then == "issue"
            kept = await self._maker.make(connection, deal, None, actor=ACTOR, key=key, issue=issue)
        except InvoiceConflict as conflict:
            return Left(str(conflict)) if conflict.rule == "deal.once" else refused(conflict, conflict.rule)
        except InvoiceRefused as problem:
            return refused(problem, problem.problems[0].rule)
        except CrossdockError as problem:
            return Retry(f"{problem}; {problem.remedy}", code=problem.code, ours=True)
        return Delivered(show(Prefix.INVOICE, kept.id))


def refused(problem: CrossdockError, rule: str) -> Rejected:
    """Return a refusal as a dead letter tells it: by its rule and field, with what to do."""
    # causes are counted by code and cut numbers out of rules: the names of a format's rules have numbers in them
    return Rejected(f"{problem}; {problem.remedy}", code=rule, field=problem.field, rule=rule)
