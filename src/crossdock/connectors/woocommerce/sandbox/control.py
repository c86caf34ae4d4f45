"""The control door ``/_sandbox/``: the truth, the dials, the clock and the shop's own hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from crossdock.connect.sandbox import CONTROL, FaultSwitch, Scope, Send, answer_json

from .acts import Acts
from .answers import WpError
from .backup import Backup
from .crowd import CHECKOUT_S
from .settings import TURNABLE, Settings

if TYPE_CHECKING:
    from .app import SandboxApp


class Control:
    """Answers the control door of one app."""

    def __init__(self, app: SandboxApp) -> None:
        self.app = app
        self.acts = Acts(app.shop)
        self.switch: FaultSwitch | None = None
        self.backup: Backup | None = None

    async def answer(self, scope: Scope, body: bytes, send: Send) -> None:
        """Answer one request: 200 with JSON, 400 with ``{"error"}`` for a wrong one, 404 for an unknown door."""
        name = scope["path"].removeprefix(CONTROL).strip("/")
        door = getattr(self, f"_{scope['method'].lower()}_{name.replace('/', '_')}", None)
        if door is None:
            await answer_json(send, 404, {"error": f"no control door {scope['method']} {scope['path']}"})
            return
        self.app.hooks.base = self.app.base({k.decode(): v.decode("latin-1") for k, v in scope["headers"]})
        try:
            given = orjson.loads(body) if body else {}
            await answer_json(send, 200, door(given))
        except (WpError, msgspec.ValidationError, orjson.JSONDecodeError, LookupError, TypeError, ValueError) as error:
            text = error.message if isinstance(error, WpError) else str(error)
            await answer_json(send, 400, {"error": text})

    def _get_state(self, given: Any) -> dict[str, Any]:
        del given
        app = self.app
        hooks = [
            {**hook.shown(app.hooks.base), "failures": hook.failures, "pending": hook.pending_delivery}
            for hook in app.hooks.rows.values()
        ]
        return {**app.shop.truth(), "webhooks": hooks, "waiting": len(app.hooks.waiting), "requests": app.requests}

    def _get_dials(self, given: Any) -> dict[str, Any]:
        del given
        switch = self.switch
        dials = msgspec.structs.asdict(switch.dials) if switch else {}
        return {**dials, **{name: getattr(self.app.settings, name) for name in sorted(TURNABLE)}}

    def _put_dials(self, given: dict[str, Any]) -> dict[str, Any]:
        ours = {name: value for name, value in given.items() if name in TURNABLE}
        held = self.app.settings
        fresh = msgspec.convert({**{n: getattr(held, n) for n in TURNABLE}, **ours}, Settings)
        if self.switch:
            self.switch.turn({name: value for name, value in given.items() if name not in TURNABLE})
        for name in ours:
            setattr(held, name, getattr(fresh, name))
        self.app.shop.storage = held.storage
        self.app.runner.wake()
        return self._get_dials(None)

    def _post_act(self, given: dict[str, Any]) -> dict[str, Any]:
        return self.acts.do(given)

    def _post_traffic(self, given: dict[str, Any]) -> dict[str, Any]:
        done = [self.acts.do({"do": self.acts.draw()}) for _ in range(int(given.get("count", 1)))]
        return {"done": done}

    def _post_clock(self, given: dict[str, Any]) -> dict[str, Any]:
        clock = self.app.shop.clock
        if "stop_at" in given:
            clock.stop_at(None if given["stop_at"] is None else float(given["stop_at"]))
        clock.advance(float(given.get("advance_s", 0)))
        self.app.runner.wake()
        return {"time": clock.time()}

    def _post_snapshot(self, given: Any) -> dict[str, Any]:
        del given
        self.backup = Backup(self.app.shop, self.app.hooks)
        return {"orders": len(self.app.shop.orders)}

    def _post_restore(self, given: Any) -> dict[str, Any]:
        del given
        if self.backup is None:
            raise LookupError("there is no snapshot to restore")
        self.backup.restore(self.app.shop, self.app.hooks)
        return {"orders": len(self.app.shop.orders)}

    def _post_hook(self, given: dict[str, Any]) -> dict[str, Any]:
        """Change or delete webhooks as somebody in wp-admin does: by id or topic, ``set`` {...} or ``delete``."""
        hooks = self.app.hooks
        chosen = [h for h in hooks.rows.values() if given.get("topic", h.topic) == h.topic and _meant(given, h.id)]
        for hook in chosen:
            if given.get("delete"):
                hooks.delete(hook.id)
            for name, value in given.get("set", {}).items():
                setattr(hook, name, msgspec.convert(value, type(getattr(hook, name))))
        return {"changed": [hook.id for hook in chosen]}

    def _get_load(self, given: Any) -> dict[str, Any]:
        """Tell how the shop's visitors fare, with our requests and as they would without."""
        del given
        backlog, crowd = self.app.ceiling.backlog_s(), self.app.ceiling.crowd()
        checkout = CHECKOUT_S * (crowd.crowding() if crowd else 1.0) + backlog
        told = crowd.told() if crowd else {}
        return {"list_backlog_s": backlog, "checkout_latency_s": checkout, "requests": self.app.requests, **told}

    def _delete_load(self, given: Any) -> dict[str, Any]:
        """Count the visitors anew."""
        del given
        if crowd := self.app.ceiling.crowd():
            crowd.forget()
        return {}

    def _get_webhooks_deliveries(self, given: Any) -> dict[str, Any]:
        del given
        return {"deliveries": list(self.app.hooks.log), "waiting": len(self.app.hooks.waiting)}


def _meant(given: dict[str, Any], hook_id: int) -> bool:
    return given.get("id") in (None, hook_id)
