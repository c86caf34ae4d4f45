"""HubSpot's verbs as we use them, named as HubSpot names them. No retry, no sleep, no logging.

Paths differ by API version (vendor fact): date versions (``2026-09``) are ``/crm/objects/{version}/…``, the semantic
ones ``/crm/v3/objects/…`` with ``/crm/v4/associations/…``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connect.auth import Auth, NoAuth
from crossdock.connect.auth.bearer import Bearer
from crossdock.connect.client import Reply, VendorClient
from crossdock.connect.connector import Access
from crossdock.connect.manifest import Manifest

BASE_URL = "https://api.hubapi.com"
LATEST = "2026-09"
BATCH = 100
"""Inputs in one batch call, and records on one page (vendor fact)."""
PAIRS = 1000
"""Pairs in one batch call of associations: half of the 2,000 that are known to be taken, not checked on every tier."""


class Paths:
    """Where each API lives, in one version of HubSpot's."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._legacy = version.startswith("v")

    def _crm(self, api: str, legacy: str = "v3") -> str:
        return f"/crm/{legacy}/{api}" if self._legacy else f"/crm/{api}/{self.version}"

    def objects(self, object_name: str) -> str:
        """Records of one object."""
        return f"{self._crm('objects')}/{object_name}"

    def associations(self, one: str, other: str) -> str:
        """Associations from one object to another."""
        return f"{self._crm('associations', 'v4')}/{one}/{other}"

    def properties(self, object_name: str) -> str:
        """Definitions of an object's properties."""
        return f"{self._crm('properties')}/{object_name}"

    def pipelines(self, object_name: str) -> str:
        """Pipelines of an object."""
        return f"{self._crm('pipelines')}/{object_name}"

    def owners(self) -> str:
        """Users that records may belong to."""
        return self._crm("owners")

    def account(self) -> str:
        """Facts of the portal."""
        return f"/account-info/{'v3' if self._legacy else self.version}/details"


def _auth(token: str) -> Auth:
    try:
        return Bearer(token)
    except ValueError:
        # what no header can carry is no token: without one HubSpot refuses us, and that is told like any bad token
        return NoAuth()


class HubSpot:
    """Calls to one portal. Every method returns HubSpot's reply as it is, or raises ``CallFailed``."""

    def __init__(self, access: Access, manifest: Manifest) -> None:
        config = access.connection.config
        self.paths = Paths(str(config.get("api_version") or LATEST))
        self._client = VendorClient(
            access.transport,
            str(config.get("base_url") or BASE_URL),
            manifest,
            auth=None if access.tokens else _auth(access.secrets["token"]),
            tokens=access.tokens,
            headers={"Accept": "application/json"},
            connection=access.connection,
        )

    async def _post(self, path: str, body: Mapping[str, Any]) -> Reply:
        return await self._client.request("POST", path, json=body)

    async def batch_upsert(self, object_name: str, inputs: Sequence[Mapping[str, Any]]) -> Reply:
        """POST …/batch/upsert: inputs of ``{id, idProperty, properties, objectWriteTraceId}``."""
        return await self._post(f"{self.paths.objects(object_name)}/batch/upsert", {"inputs": inputs})

    async def batch_update(self, object_name: str, inputs: Sequence[Mapping[str, Any]]) -> Reply:
        """POST …/batch/update: inputs of ``{id, properties, objectWriteTraceId}`` by record id."""
        return await self._post(f"{self.paths.objects(object_name)}/batch/update", {"inputs": inputs})

    async def batch_archive(self, object_name: str, ids: Sequence[str]) -> Reply:
        """POST …/batch/archive: a record that is archived already is fine."""
        return await self._post(
            f"{self.paths.objects(object_name)}/batch/archive", {"inputs": [{"id": i} for i in ids]}
        )

    async def batch_read(
        self, object_name: str, ids: Sequence[str], properties: Sequence[str], id_property: str | None = None
    ) -> Reply:
        """POST …/batch/read, by record id or by a unique property. Consistent at once, unlike search."""
        body: dict[str, Any] = {
            "inputs": [{"id": i} for i in ids],
            "properties": list(properties),
            "propertiesWithHistory": [],
        }
        if id_property is not None:
            body["idProperty"] = id_property
        return await self._post(f"{self.paths.objects(object_name)}/batch/read", body)

    async def list_objects(
        self,
        object_name: str,
        properties: Sequence[str],
        associations: Sequence[str],
        after: str | None,
        limit: int,
        *,
        archived: bool = False,
    ) -> Reply:
        """GET …/{object}: one page by growing id, of the live records or of the archived ones."""
        params = [("limit", str(limit)), ("archived", "true" if archived else "false")]
        params += [("properties", name) for name in properties]
        params += [("associations", name) for name in associations]
        if after is not None:
            params.append(("after", after))
        return await self._client.request("GET", self.paths.objects(object_name), params=params)

    async def read_object(
        self, object_name: str, record_id: str, properties: Sequence[str], *, archived: bool = False
    ) -> Reply:
        """GET …/{object}/{id}. Consistent at once; a merged record's id answers with the one it was merged into."""
        params = [("archived", "true" if archived else "false"), *(("properties", name) for name in properties)]
        return await self._client.request("GET", f"{self.paths.objects(object_name)}/{record_id}", params=params)

    async def search(
        self,
        object_name: str,
        groups: Sequence[Sequence[Mapping[str, Any]]],
        sort: str,
        properties: Sequence[str],
        limit: int,
        *,
        falling: bool = False,
    ) -> Reply:
        """POST …/search: the first page of what fits one of the groups, by a property, rising unless ``falling``.

        Sees a write after seconds, and pages to 10,000 results (vendor facts): ask again further on, never page.
        """
        return await self._post(
            f"{self.paths.objects(object_name)}/search",
            {
                "filterGroups": [{"filters": list(filters)} for filters in groups],
                "sorts": [{"propertyName": sort, "direction": "DESCENDING" if falling else "ASCENDING"}],
                "properties": list(properties),
                "limit": limit,
                "after": "0",
            },
        )

    async def associate_default(self, one: str, other: str, pairs: Sequence[tuple[str, str]]) -> Reply:
        """POST …/batch/associate/default: associate without type ids."""
        inputs = [{"from": {"id": a}, "to": {"id": b}} for a, b in pairs]
        return await self._post(f"{self.paths.associations(one, other)}/batch/associate/default", {"inputs": inputs})

    async def dissociate(self, one: str, other: str, pairs: Sequence[tuple[str, str]]) -> Reply:
        """POST …/associations/…/batch/archive: remove every association of each pair."""
        inputs = [{"from": {"id": a}, "to": [{"id": b}]} for a, b in pairs]
        return await self._post(f"{self.paths.associations(one, other)}/batch/archive", {"inputs": inputs})

    async def batch_read_associations(self, one: str, other: str, inputs: Sequence[Mapping[str, str]]) -> Reply:
        """POST …/associations/…/batch/read: inputs of ``{id}`` or ``{id, after}``."""
        return await self._post(f"{self.paths.associations(one, other)}/batch/read", {"inputs": inputs})

    async def properties(self, object_name: str) -> Reply:
        """GET the definitions of an object's properties."""
        return await self._client.request("GET", self.paths.properties(object_name), params={"archived": "false"})

    async def create_property(self, object_name: str, definition: Mapping[str, Any]) -> Reply:
        """POST one definition; 409 when there is one of that name."""
        return await self._post(self.paths.properties(object_name), definition)

    async def property_of(self, object_name: str, name: str) -> Reply:
        """GET the definition of one property, its options included."""
        return await self._client.request("GET", f"{self.paths.properties(object_name)}/{name}")

    async def update_property(self, object_name: str, name: str, changes: Mapping[str, Any]) -> Reply:
        """PATCH a definition: its options are replaced as a whole."""
        return await self._client.request("PATCH", f"{self.paths.properties(object_name)}/{name}", json=changes)

    async def groups(self, object_name: str) -> Reply:
        """GET an object's property groups."""
        return await self._client.request("GET", f"{self.paths.properties(object_name)}/groups")

    async def create_group(self, object_name: str, definition: Mapping[str, Any]) -> Reply:
        """POST one group; 409 when there is one of that name."""
        return await self._post(f"{self.paths.properties(object_name)}/groups", definition)

    async def pipelines(self, object_name: str) -> Reply:
        """GET an object's pipelines with their stages."""
        return await self._client.request("GET", self.paths.pipelines(object_name))

    async def owners(self, after: str | None, *, archived: bool = False) -> Reply:
        """GET one page of the portal's owners; ``archived``: of those who have left."""
        params = [("limit", "500"), *((("after", after),) if after is not None else ())]
        params += [("archived", "true")] if archived else []
        return await self._client.request("GET", self.paths.owners(), params=params)

    async def account_details(self) -> Reply:
        """GET the portal's id, time zone and currencies."""
        return await self._client.request("GET", self.paths.account())
