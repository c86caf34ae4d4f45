"""The terms of invoicing, version by version, and how far each series of numbers is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.flow.invoice import EXAMPLE, KeptTerms, SeriesState, Terms, problems_of
from crossdock.govern.keys import Principal
from crossdock.kit import redact
from crossdock.wiring import Hub

_PEOPLE = ("contact", "phone", "email")
_SERIES: dict[str, Any] = {
    "series": "RE",
    "period": 2026,
    "first": 1,
    "last": 17,
    "last_on": "2026-11-21",
    "yearly": True,
    "issued": 17,
    "whole": True,
}


class TermsVersion(BaseModel):
    """A version of the terms that holds or held."""

    version: int
    note: str
    actor: str
    created_at: datetime


class TermsShown(TermsVersion):
    """The terms of a version, and the versions there are."""

    terms: Terms
    versions: list[TermsVersion] = Field(description="the newest first")


class NewTerms(BaseModel):
    """Terms that are to hold from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"terms": EXAMPLE, "version": 0}]})

    terms: dict[str, Any] = Field(description="whole: what is left out is as usual again; see TermsShown")
    version: int | None = Field(default=None, description="409 when another holds by now; 0: there were none")
    note: str = Field(default="", max_length=500, description="why, for the history")


class TermsProblem(BaseModel):
    """A setting that breaks a rule."""

    rule: str
    field: str
    problem: str
    remedy: str


class TermsChecked(BaseModel):
    """Whether terms hold."""

    valid: bool
    problems: list[TermsProblem]


class SeriesShown(BaseModel):
    """How far a series is; ``period`` is the year, 0 for one that never begins anew."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SERIES]})

    series: str
    period: int
    first: int
    last: int
    last_on: date
    yearly: bool
    issued: int = Field(description="documents with its numbers, counted now")
    whole: bool = Field(description="true: every number from the first to the last has its document")


class SeriesList(BaseModel):
    """The series that have given a number."""

    items: list[SeriesShown]


def terms_shown(kept: KeptTerms, versions: list[dict[str, Any]], *, people: bool = True) -> dict[str, Any]:
    """Return a version of the terms with the list of all; ``people``: who asks may see people's data."""
    facts = {name: getattr(kept, name) for name in ("version", "note", "actor", "created_at")}
    told = kept.terms.model_dump(mode="json")
    if not people:
        told["seller"] |= {name: redact.MASK for name in _PEOPLE if told["seller"][name]}
    return {**facts, "terms": told, "versions": versions}


def series_shown(series: list[SeriesState]) -> list[dict[str, Any]]:
    """Return how far the series are."""
    return [{name: getattr(one, name) for name in one.__struct_fields__} for one in series]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["invoices"])
    reads, admins = access.needs("read"), access.needs("admin")

    @api.get("/invoice-terms", response_model=TermsShown)
    async def get_invoice_terms(
        version: Annotated[int | None, Query(ge=1, description="null: the newest")] = None, caller: Principal = reads
    ) -> Any:
        """Return the terms that hold (or held), and the list of their versions.

        Whom the seller names as a contact is shown to keys of the scope ``admin`` alone.
        """
        desk, people = hub.invoicing.terms, "admin" in caller.scopes
        found, versions = await desk.current(caller.tenant_id, version), await desk.versions(caller.tenant_id)
        return answer(terms_shown(found, versions, people=people))

    @api.put("/invoice-terms", response_model=TermsShown)
    async def put_invoice_terms(body: NewTerms, caller: Principal = admins) -> Any:
        """Let terms hold from now on, as the next version; what is issued keeps the version it was made by."""
        desk, actor = hub.invoicing.terms, caller.actor
        made = await desk.put(caller.tenant_id, body.terms, actor=actor, note=body.note, expected=body.version)
        return terms_shown(made, await desk.versions(caller.tenant_id))

    @api.post("/invoice-terms/check", response_model=TermsChecked)
    async def check_invoice_terms(
        body: Annotated[dict[str, Any], Body(examples=[EXAMPLE])], caller: Principal = reads
    ) -> Any:
        """Say all that is wrong with terms; nothing is kept."""
        del caller
        found = [{name: getattr(one, name) for name in one.__struct_fields__} for one in problems_of(body)]
        return {"valid": not found, "problems": found}

    @api.get("/invoice-series", response_model=SeriesList)
    async def invoice_series(caller: Principal = reads) -> Any:
        """List the series that have given a number: how far each is, and that none is missing."""
        return {"items": series_shown(await hub.invoicing.terms.series(caller.tenant_id))}

    return api
