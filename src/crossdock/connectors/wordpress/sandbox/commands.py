"""Carrying out the hub's commands, as strictly as the plugin does."""

from __future__ import annotations

import re
from typing import Any

from crossdock.connectors.wordpress.sandbox.settings import META_KEYS
from crossdock.connectors.wordpress.sandbox.site import KINDS, Site

ACTIONS = ("write_meta", "ping", "export", "pause", "resume", "refresh")
LONGEST = 2000
_ID = re.compile(r"[A-Za-z0-9_-]{8,36}")


class Refused(Exception):
    """A command is not carried out."""

    def __init__(self, code: str, detail: str, field: str = "") -> None:
        super().__init__(code)
        self.code, self.detail, self.field = code, detail, field


def answer(site: Site, given: Any) -> dict[str, Any]:
    """Carry out one command and say what became of it."""
    number = str(given.get("id") or "") if isinstance(given, dict) else ""
    try:
        _well_formed(given)
        if number in site.commands:
            return {"id": number, "status": "duplicate", "problem": None}
        _do(site, given)
    except Refused as refused:
        problem = {"code": refused.code, "detail": refused.detail, "field": refused.field}
        return {"id": number, "status": "refused", "problem": problem}
    site.commands[number] = given["action"]
    return {"id": number, "status": "done", "problem": None}


def _well_formed(given: Any) -> None:
    if not isinstance(given, dict):
        raise Refused("bad-command", "a command is an object")
    if not _ID.fullmatch(str(given.get("id") or "")):
        raise Refused("bad-id", "expected 8 to 36 letters, digits and hyphens", "id")
    if given.get("action") not in ACTIONS:
        raise Refused("unknown-action", f"expected one of {', '.join(ACTIONS)}", "action")


def _do(site: Site, given: dict[str, Any]) -> None:
    match given["action"]:
        case "write_meta":
            _write(site, given)
        case "export":
            site.export(_kinds(given))
        case "pause":
            site.settings.paused = str(given.get("reason") or "hub")
        case "resume":
            site.settings.paused = ""
        case "refresh":
            _refresh(site, given)


def _kinds(given: dict[str, Any]) -> list[str]:
    kinds = given.get("kinds") or list(KINDS)
    if any(kind not in KINDS for kind in kinds):
        raise Refused("bad-kinds", f"expected some of {', '.join(KINDS)}", "kinds")
    return list(kinds)


def _refresh(site: Site, given: dict[str, Any]) -> None:
    kind, ids = given.get("kind"), given.get("ids") or []
    if kind not in KINDS:
        raise Refused("bad-kind", f"expected one of {', '.join(KINDS)}", "kind")
    if not 1 <= len(ids) <= 100:
        raise Refused("bad-ids", "expected 1 to 100 numbers of this site", "ids")
    for number in ids:
        site.tell(kind, int(number), "saved" if number in site.entities[kind] else "deleted", origin="resend")


def _write(site: Site, given: dict[str, Any]) -> None:
    target, meta = given.get("target"), given.get("meta")
    if not isinstance(target, dict) or target.get("kind") not in site.meta or not isinstance(target.get("id"), int):
        raise Refused("bad-target", "expected a target of kind user or order with its number", "target")
    if not isinstance(meta, dict) or not 1 <= len(meta) <= 20:
        raise Refused("bad-meta", "expected 1 to 20 keys with their values", "meta")
    for name, value in meta.items():
        if name not in META_KEYS:
            raise Refused("key-not-allowed", f"the key {name} may not be written", f"meta.{name}")
        if not isinstance(value, str) or len(value.encode()) > LONGEST:
            raise Refused("bad-value", f"expected text of at most {LONGEST} bytes", f"meta.{name}")
    kind, number = target["kind"], target["id"]
    if number not in site.entities["customer" if kind == "user" else "order"]:
        raise Refused(f"no-such-{kind}", f"there is no {kind} of this number", "target.id")
    # a write of the hub's is no change that the hub is told of
    site.meta[kind].setdefault(number, {}).update(meta)
    name = f"{kind}:{number}"
    site.writes[name] = site.writes.get(name, 0) + 1
