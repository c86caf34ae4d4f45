"""Trying a portal, and making what we need in it: our property group and properties. Safe to do again and again."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from crossdock.connect import paging
from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connect.connector import CheckResult
from crossdock.connectors.hubspot.client import HubSpot
from crossdock.connectors.hubspot.mapper import (
    COMPANIES,
    CONTACTS,
    DEALS,
    LINE_ITEMS,
    NOTES,
    ORDERS,
    PRODUCTS,
    read_pipelines,
)

ALWAYS = (CONTACTS, PRODUCTS, DEALS, LINE_ITEMS)


class OwnProperty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of our properties, as ``properties.toml`` states it."""

    name: str
    label: str
    description: str
    type: str
    on: tuple[str, ...]
    unique: bool = False
    choice: str = ""
    """Made only where the connection has chosen this."""


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, and the group they stand in."""

    group: str
    label: str
    properties: tuple[OwnProperty, ...]


def _load_own() -> Own:
    text = Path(__file__).with_name("properties.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Own)


OWN = _load_own()
"""Our properties, from ``properties.toml``."""

_NEW_ONE = "make a new access token in HubSpot (Settings > Integrations > Service Keys or Private Apps)"


class Setup:
    """Checking and preparing one portal, as far as the choices of its connection (``config``) need it."""

    def __init__(self, hubspot: HubSpot, config: Mapping[str, Any]) -> None:
        self._hubspot = hubspot
        self._chosen = [name for name, value in config.items() if value is True]
        self._always = (*ALWAYS, *(name for name in (COMPANIES, NOTES) if name in self._chosen))
        self._owner = str(config.get("owner") or "").strip().lower()
        self._wants_orders = config.get("order_object") == ORDERS

    async def check(self) -> CheckResult:
        """Try the token, what it may do, and whether the portal has the objects. Changes nothing."""
        try:
            details = await self._hubspot.account_details()
            if not details.ok:
                return _refused(details)
            account = _account(details)
            missing, has_orders = await self._rights()
            pipelines = {} if missing else await self._pipelines(has_orders=has_orders)
            owners = {} if missing else await self._owners()
        except CallFailed as problem:
            return CheckResult(False, problem.reason, problem.remedy or "try again later", code=problem.kind.value)
        except ValueError:
            return CheckResult(False, "HubSpot's answer cannot be read", "try again later", code="not-hubspot")
        account["objects"] = {ORDERS: has_orders}
        if pipelines:
            account["pipelines"] = pipelines
        if owners:
            account["owners"] = owners
        uid = f"hubspot-{account['portal_id']}"
        if missing:
            return CheckResult(
                False,
                "the token lacks permissions: " + ", ".join(missing),
                "give them to the token in HubSpot (Settings > Integrations), then check again",
                code="missing-scopes",
                account=account,
                account_uid=uid,
            )
        if self._wants_orders and not has_orders:
            return CheckResult(
                False,
                "the portal has no order object, or the token may not use it",
                "set order_object to deals, or give the token crm.objects.orders.read and crm.objects.orders.write",
                code="no-orders-object",
                account=account,
                account_uid=uid,
            )
        return CheckResult(True, account=account, account_uid=uid)

    async def _rights(self) -> tuple[list[str], bool]:
        """Return the permissions that are missing, and whether the order object can be used."""
        missing = []
        for name in self._always:
            missing += await self._missing(name)
        return missing, not await self._missing(ORDERS)

    async def _missing(self, name: str) -> list[str]:
        """Try one object: a list of one record, and an upsert of none, which is refused unless writing is allowed."""
        found = []
        read = await self._hubspot.list_objects(name, (), (), None, 1)
        if not read.ok:
            found.append(f"crm.objects.{name}.read")
        write = await self._hubspot.batch_upsert(name, [])
        if write.status in (401, 403, 404):
            found.append(f"crm.objects.{name}.write")
        schema = await self._hubspot.properties(name)
        if schema.status in (401, 403, 404):
            found.append(f"crm.schemas.{name}.read")
        return found

    async def prepare(self) -> dict[str, Any]:
        """Make our group and properties where they are not there yet; return the facts the plan needs.

        Raises ``CallFailed`` saying what the portal refused and what to do.
        """
        details = _good(await self._hubspot.account_details(), "the portal's details")
        try:
            account = _account(details)
        except ValueError:
            raise _trouble("the answer is not HubSpot's", "check the connection again") from None
        has_orders = (await self._hubspot.list_objects(ORDERS, (), (), None, 1)).ok
        names = (*self._always, ORDERS) if self._wants_orders and has_orders else self._always
        for name in names:
            await self._prepare_object(name)
        pipelines = await self._pipelines(has_orders=has_orders)
        owners = await self._owners()
        more = {"owners": owners} if owners else {}
        return {**account, "objects": {ORDERS: has_orders}, "pipelines": pipelines, "tells_invoices": True, **more}

    async def _owners(self) -> dict[str, str]:
        """Return the address of the owner that new records are given to -> id; of the others nothing is kept."""
        found: dict[str, str] = {}
        after: str | None = None
        while self._owner and not found:
            reply = _good(await self._hubspot.owners(after), "the owners", "crm.objects.owners.read")
            body = reply.json()
            told = {str(one["id"]): str(one.get("email") or "").lower() for one in body.get("results") or ()}
            found = {email: each for each, email in told.items() if self._owner in (each, email)}
            after = paging.after(body, "paging.next.after")
            if after is None:
                break
        return found

    async def _pipelines(self, *, has_orders: bool) -> dict[str, Any]:
        """Return the portal's pipelines with their stages, of what the connection writes."""
        found = {}
        for name in (DEALS, ORDERS) if self._wants_orders and has_orders else (DEALS,):
            reply = _good(await self._hubspot.pipelines(name), f"the pipelines of {name}")
            found[name] = read_pipelines(reply.json().get("results") or ())
        return found

    async def _prepare_object(self, name: str) -> None:
        wanted = [own for own in OWN.properties if name in own.on and own.choice in ("", *self._chosen)]
        known = await self._known(name)
        lacking = [own for own in wanted if own.name not in known]
        if lacking:
            await self._group(name)
            for own in lacking:
                reply = await self._hubspot.create_property(name, definition(own))
                if reply.status != 409:  # 409: somebody made it in between
                    _good(reply, f"the property {own.name} of {name}", f"crm.schemas.{name}.write")
            known = await self._known(name)
        for own in wanted:
            found = known.get(own.name)
            if found is None:
                raise _trouble(f"the portal did not keep {own.name} on {name}", "check the connection again")
            if own.unique and not found.get("hasUniqueValue"):
                # vendor fact: uniqueness can only be given when a property is made
                raise _trouble(
                    f"{name}.{own.name} exists in the portal without unique values",
                    "delete that property in HubSpot (Settings > Properties), then check the connection again",
                )

    async def _known(self, name: str) -> dict[str, Mapping[str, Any]]:
        reply = _good(await self._hubspot.properties(name), f"the properties of {name}", f"crm.schemas.{name}.read")
        return {str(each["name"]): each for each in reply.json().get("results") or ()}

    async def _group(self, name: str) -> None:
        groups = _good(await self._hubspot.groups(name), f"the property groups of {name}")
        if any(each.get("name") == OWN.group for each in groups.json().get("results") or ()):
            return
        made = await self._hubspot.create_group(name, {"name": OWN.group, "label": OWN.label, "displayOrder": -1})
        if made.status != 409:
            _good(made, f"the property group of {name}", f"crm.schemas.{name}.write")


def definition(own: OwnProperty) -> dict[str, Any]:
    """Return one of our properties as HubSpot takes it. Type and field type must match (vendor fact)."""
    return {
        "name": own.name,
        "label": own.label,
        "description": own.description,
        "groupName": OWN.group,
        "type": own.type,
        "fieldType": {"string": "text", "number": "number", "datetime": "date"}[own.type],
        "hasUniqueValue": own.unique,
    }


def _account(reply: Reply) -> dict[str, Any]:
    """Read the portal's id, time zone and currencies (the company's first). Raises ``ValueError``."""
    body = reply.json()
    if not isinstance(body, dict) or "portalId" not in body:
        raise ValueError("the answer names no portal")
    currencies: Sequence[Any] = [body.get("companyCurrency"), *(body.get("additionalCurrencies") or ())]
    return {
        "portal_id": str(body["portalId"]),
        "time_zone": str(body.get("timeZone") or "UTC"),
        "currencies": list(dict.fromkeys(str(code) for code in currencies if code)),
    }


def _refused(reply: Reply) -> CheckResult:
    if reply.status == 401:
        return CheckResult(False, "HubSpot refuses the access token", _NEW_ONE, code="wrong-token")
    if reply.status == 403:
        return CheckResult(False, "the token lacks permissions", _NEW_ONE, code="missing-scopes")
    return CheckResult(False, f"HubSpot answered {reply.status}", "try again later", code="vendor-trouble")


def _good(reply: Reply, what: str, scope: str = "") -> Reply:
    if reply.ok:
        return reply
    remedy = f"give the token {scope}" if scope and reply.status == 403 else "check the connection again"
    raise _trouble(f"{what}: HubSpot answered {reply.status}", remedy)


def _trouble(problem: str, remedy: str) -> CallFailed:
    return CallFailed(FailKind.ANSWER, True, problem, remedy)
