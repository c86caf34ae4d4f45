"""The control door ``/_sandbox/``: the truth, the dials, and what people do at the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import orjson

if TYPE_CHECKING:
    from crossdock.connectors.wordpress.sandbox.app import SiteApp


class Control:
    """Answers of the control door of one site."""

    def __init__(self, app: SiteApp) -> None:
        self._app = app

    async def answer(self, method: str, door: str, body: bytes, url: str) -> tuple[int, Any]:
        """Answer one request: 200, 400 for a wrong one, 404 for a door that is not there, 502: the hub is away."""
        asked = f"{method} {door.strip('/')}"
        try:
            given = orjson.loads(body) if body else {}
            if asked == "POST pair":
                return 200, await self._app.sender.pair(str(given["hub"]), str(given["code"]), url)
            if asked == "POST send":
                return 200, {"answers": await self._app.sender.send(url, given.get("items"))}
            if asked == "POST call":
                return 200, await self._call(given)
            return 200, self._at_once(asked, given)
        except aiohttp.ClientError as away:
            return 502, {"error": f"the hub does not answer ({type(away).__name__})"}
        except FileNotFoundError:
            return 404, {"error": f"no control door {asked}"}
        except (msgspec.ValidationError, orjson.JSONDecodeError, LookupError, TypeError, ValueError) as wrong:
            return 400, {"error": f"{type(wrong).__name__}: {wrong}"}

    def _at_once(self, asked: str, given: dict[str, Any]) -> Any:
        app = self._app
        match asked:
            case "GET state":
                return self._state()
            case "DELETE state":
                app.site.forget()
                app.gate.seen.clear()
                return self._state()
            case "PUT dials":
                return msgspec.structs.asdict(app.switch.turn(given))
            case "GET dials":
                return msgspec.structs.asdict(app.switch.dials)
            case "PUT settings":
                app.settle(given)
                return msgspec.structs.asdict(app.site.settings)
            case "GET settings":
                return msgspec.structs.asdict(app.site.settings)
            case "POST act":
                return self._act(dict(given))
        raise FileNotFoundError(asked)

    def _act(self, given: dict[str, Any]) -> Any:
        site, do = self._app.site, given.pop("do")
        match do:
            case "add":
                return site.add(given.pop("kind"), **given)
            case "put":
                site.put(given["kind"], given["document"])
                return given["document"]
            case "change":
                return site.change(given.pop("kind"), int(given.pop("id")), **given)
            case "delete":
                site.delete(given["kind"], int(given["id"]))
                return {}
            case "event":
                return site.happen(given["type"], given.get("data", {}), given.get("entity"), given.get("subject"))
            case "export":
                return {"told": site.export(list(given["kinds"]))}
        raise ValueError("do: add, put, change, delete, event or export")

    async def _call(self, given: dict[str, Any]) -> dict[str, Any]:
        """Call the hub with the site's key: ``{method, target, body?, signed?}``."""
        body = orjson.dumps(given["body"]) if "body" in given else b""
        signed, headers = bool(given.get("signed", True)), given.get("headers")
        return await self._app.sender.call(
            str(given["method"]), str(given["target"]), body, signed=signed, headers=headers
        )

    def _state(self) -> dict[str, Any]:
        site = self._app.site
        return {
            "entities": {kind: {str(n): d for n, d in held.items()} for kind, held in site.entities.items()},
            "meta": {kind: {str(n): m for n, m in held.items()} for kind, held in site.meta.items()},
            "writes": site.writes,
            "commands": site.commands,
            "outbox": site.outbox,
            "sent": len(site.sent),
            "answers": site.answers,
            "requests": site.requests,
            "refused": site.refused,
            "paused": site.settings.paused,
            "hub": self._app.sender.hub,
        }
