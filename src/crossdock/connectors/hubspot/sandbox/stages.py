"""Pipelines and their stages, of deals and orders."""

from __future__ import annotations

import uuid
from typing import Any

from crossdock.connectors.hubspot.sandbox.catalogue import EPOCH_ISO
from crossdock.connectors.hubspot.sandbox.refusals import invalid, not_found

_DEALS = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)

# ids of the vendor's default order pipeline, from memory of its documentation: read the API, never hard-code
_ORDERS = (
    ("4b27b500-f031-4927-9811-68a0b525cbae", "Open"),
    ("937ea84d-0a4f-4dcf-9028-3f9c2aafbf03", "Processed"),
    ("aa99e8d0-c1d5-4071-b915-d240bbb1aed9", "Shipped"),
    ("3725360f-519b-4b18-a593-494d60a29c9f", "Delivered"),
    ("3c85a297-e9ce-400b-b42e-9f16853d69d6", "Cancelled"),
)

ORDER_PIPELINE = "14a2e10e-5471-408a-906e-c51f3b04369e"

FIELDS = {"deals": ("pipeline", "dealstage"), "orders": ("hs_pipeline", "hs_pipeline_stage")}
"""Object type -> its properties for pipeline and stage."""


class Pipelines:
    """All pipelines of a portal: object type -> pipeline id -> the vendor's shape."""

    def __init__(self) -> None:
        deals = [_stage(id_, label, place, _chance(p), EPOCH_ISO) for place, (id_, label, p) in enumerate(_DEALS)]
        closed = ("Delivered", "Cancelled")
        orders = [
            _stage(id_, label, place, {"state": "CLOSED" if label in closed else "OPEN"}, EPOCH_ISO)
            for place, (id_, label) in enumerate(_ORDERS)
        ]
        self.by_kind: dict[str, dict[str, dict[str, Any]]] = {
            "deals": {"default": _pipeline("default", "Sales Pipeline", 0, deals, EPOCH_ISO)},
            "orders": {ORDER_PIPELINE: _pipeline(ORDER_PIPELINE, "Order Pipeline", 0, orders, EPOCH_ISO)},
        }

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the pipelines of an object type; 400 when it has none."""
        if kind not in self.by_kind:
            raise invalid(f"Object type {kind} does not have pipelines")
        return self.by_kind[kind]

    def one(self, kind: str, pipeline_id: str) -> dict[str, Any]:
        """Return a pipeline, or refuse with 404."""
        found = self.of(kind).get(pipeline_id)
        if found is None:
            raise not_found(f"Pipeline {pipeline_id} does not exist")
        return found

    def stage(self, kind: str, pipeline_id: str, stage_id: str) -> dict[str, Any]:
        """Return a stage, or refuse with 404."""
        for stage in self.one(kind, pipeline_id)["stages"]:
            if stage["id"] == stage_id:
                found: dict[str, Any] = stage
                return found
        raise not_found(f"Stage {stage_id} does not exist in pipeline {pipeline_id}")

    def has_stage(self, kind: str, pipeline_id: str, stage_id: str) -> bool:
        """Tell whether the pipeline has the stage."""
        found = self.by_kind[kind].get(pipeline_id)
        return found is not None and any(stage["id"] == stage_id for stage in found["stages"])

    def first(self, kind: str) -> str:
        """Return the id of the pipeline that a record without one gets."""
        return next(iter(self.by_kind[kind]))

    def create(self, kind: str, body: dict[str, Any], at: str) -> dict[str, Any]:
        """Make a pipeline with its stages."""
        pipelines = self.of(kind)
        _needs(body, ("label", "displayOrder", "stages"))
        if not isinstance(body["stages"], list):
            raise invalid("Invalid input JSON: stages must be a list")
        if any(found["label"] == body["label"] for found in pipelines.values()):
            raise invalid(f"A pipeline labelled {body['label']!r} already exists")
        made = _pipeline(str(uuid.uuid4()), str(body["label"]), int(body["displayOrder"]), [], at)
        for stage in body["stages"]:
            _add_stage(kind, made, stage, at)
        pipelines[made["id"]] = made
        return made

    def create_stage(self, kind: str, pipeline_id: str, body: dict[str, Any], at: str) -> dict[str, Any]:
        """Add a stage to a pipeline."""
        return _add_stage(kind, self.one(kind, pipeline_id), body, at)


def _add_stage(kind: str, pipeline: dict[str, Any], body: Any, at: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: a stage must be an object")
    _needs(body, ("label", "displayOrder", "metadata"))
    metadata = body["metadata"]
    if not isinstance(metadata, dict):
        raise invalid("Invalid input JSON: metadata must be an object")
    if kind == "deals":
        _probability(metadata)
    if any(stage["label"] == body["label"] for stage in pipeline["stages"]):
        raise invalid(f"A stage labelled {body['label']!r} already exists in the pipeline")
    texts = {str(key): str(value) for key, value in metadata.items()}
    if kind == "deals":
        texts = _chance(texts["probability"])
    made = _stage(str(uuid.uuid4()), str(body["label"]), int(body["displayOrder"]), texts, at)
    pipeline["stages"].append(made)
    return made


def _probability(metadata: dict[str, Any]) -> None:
    try:
        chance = float(metadata["probability"])
    except (KeyError, TypeError, ValueError) as wrong:
        raise invalid("Deal stages need metadata.probability between 0.0 and 1.0") from wrong
    if not 0 <= chance <= 1:
        raise invalid("Deal stages need metadata.probability between 0.0 and 1.0")


def _needs(body: dict[str, Any], members: tuple[str, ...]) -> None:
    for member in members:
        if body.get(member) is None:
            raise invalid(f"Invalid input JSON: {member} is required")


def _chance(probability: str) -> dict[str, str]:
    return {"isClosed": "true" if float(probability) in {0.0, 1.0} else "false", "probability": probability}


def _stage(id_: str, label: str, order: int, metadata: dict[str, str], at: str) -> dict[str, Any]:
    stage = {"id": id_, "label": label, "displayOrder": order, "metadata": metadata}
    return stage | {
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def _pipeline(id_: str, label: str, order: int, stages: list[dict[str, Any]], at: str) -> dict[str, Any]:
    pipeline = {"id": id_, "label": label, "displayOrder": order, "stages": stages}
    return pipeline | {"createdAt": at, "updatedAt": at, "archived": False}
