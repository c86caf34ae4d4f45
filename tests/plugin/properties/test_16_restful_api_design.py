"""Property 16: the site's own API answers every request in one form: JSON, the right status, results in order, nothing cached."""

from __future__ import annotations

import json
import random
import time
import uuid
from typing import Any

from tests.plugin.properties.support import KEY, SECRET, pair, signature, token
from tests.support.wordpress.site import Site

CASES = 200
KNOWN = ("crossdock_crm_id", "crossdock_crm_url", "crossdock_lead_status", "crossdock_subscription_status")


def _command(rng: random.Random, made: list[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """Return a command and what must become of it."""
    roll = rng.random()
    if made and roll < 0.15:
        return rng.choice(made), "duplicate"
    key = str(uuid.UUID(int=rng.getrandbits(128)))
    command: dict[str, Any] = {"id": key, "action": "write_meta", "target": {"kind": "user", "id": 1}}
    command["meta"] = {rng.choice(KNOWN): rng.choice([token(rng), "words", 5, True, None])}
    if roll < 0.6:
        return command, "done"
    if roll < 0.7:
        return {"id": key, "action": "ping"}, "done"
    wrong = rng.randrange(6)
    if wrong == 0:
        command["meta"] = {rng.choice(["wp_capabilities", "session_tokens", "_x", "nickname"]): "x"}
    elif wrong == 1:
        command["target"] = rng.choice(
            [{"kind": "user", "id": 999_999}, {"kind": "site", "id": 1}, {}, {"kind": "user", "id": "1"}]
        )
    elif wrong == 2:
        command["meta"] = rng.choice([{}, {KNOWN[0]: "x" * 2001}, {KNOWN[0]: ["list"]}])
    elif wrong == 3:
        command["action"] = rng.choice(["drop_tables", ""])
    elif wrong == 4:
        command["id"] = rng.choice(["", "short", "has space in it", "x" * 37])
    else:
        command = rng.choice([{"id": key}, {"action": "ping"}])  # type: ignore[assignment]
    return command, "refused"


WRONG = {
    "unsigned": {401},
    "empty": {422},
    "many": {422},
    "no-json": {400, 422},
    "method": {404, 405},
    "": {200},
}
"""What may be wrong with a request, and the status that says so."""


def _asked(rng: random.Random, done: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    asked: list[tuple[dict[str, Any], str]] = []
    for _ in range(rng.randint(1, 4)):
        named = {command["id"] for command, _ in asked if "id" in command}
        asked.append(_command(rng, [one for one in done if one["id"] not in named]))
    return asked


def _headers(rng: random.Random, method: str, path: str, body: bytes) -> dict[str, str]:
    stamp, nonce = str(int(time.time())), token(rng)
    made = {"X-Crossdock-Key": KEY, "X-Crossdock-Timestamp": stamp, "X-Crossdock-Nonce": nonce}
    made["X-Crossdock-Signature"] = signature("v1-hub", SECRET, method, path, stamp, nonce, body)
    return made | {"Content-Type": "application/json"}


def test_every_answer_has_the_one_form(site: Site, rng: random.Random) -> None:
    pair(site)
    visitor = site.visitor()
    done: list[dict[str, Any]] = []
    spoilt = {"empty": b'{"commands": []}', "many": json.dumps({"commands": [{}] * 51}).encode(), "no-json": b"<x>"}
    for number in range(CASES):
        path = rng.choice(["/wp-json/crossdock/v1/commands", "/index.php?rest_route=/crossdock/v1/commands"])
        wrong = rng.choice(["", "", "", *WRONG])
        known = list(done)
        asked = _asked(rng, known if wrong else done)
        body = spoilt.get(wrong, json.dumps({"commands": [command for command, _ in asked]}).encode())
        method = rng.choice(["PUT", "DELETE"]) if wrong == "method" else "POST"
        headers = _headers(rng, method, path, body)
        if wrong == "unsigned":
            headers.pop("X-Crossdock-Signature")
        answer = visitor.request(method, path, data=body, headers=headers)
        said = f"case {number} {wrong}: {body[:1500]!r} -> {answer.status_code} {answer.text[:1500]}"
        assert answer.headers["Content-Type"].startswith("application/json"), said
        assert answer.status_code in WRONG[wrong], said
        assert answer.status_code not in {200, 422} or "no-store" in answer.headers["Cache-Control"], said
        assert SECRET not in answer.text
        told = answer.json()
        if wrong:
            assert isinstance(told["code"], str), said
            continue
        assert [one["id"] for one in told["results"]] == [command.get("id", "") for command, _ in asked], said
        assert [one["status"] for one in told["results"]] == [status for _, status in asked], said
        for one in told["results"]:
            assert (one["problem"] is None) == (one["status"] != "refused"), said
            assert one["problem"] is None or {"code", "detail", "field"} <= set(one["problem"]), said
        done += [command for command, status in asked if status == "done"]
    assert len(done) > 30
