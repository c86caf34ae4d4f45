"""The WordPress plugin as sites fetch it: the ZIP, and what WordPress is told of the newest version.

WordPress asks for ``update.json`` by the plugin's ``Update URI`` and shows it as it shows its own directory's answers.
What is signed is :func:`signed_text`: a site that is paired knows the hub's public key and installs nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from crossdock.api.problems import problem
from crossdock.connect import plugin_package
from crossdock.errors import NotFound
from crossdock.wiring import Hub

ZIP: Final = "/plugin/crossdock.zip"
UPDATE: Final = "/plugin/update.json"
_KEPT_S: Final = 300
_SECTIONS: Final = ("Description", "Installation", "Frequently Asked Questions", "Changelog")


class Release(msgspec.Struct, frozen=True):
    """The plugin as this installation carries it."""

    version: str
    package: bytes
    sha256: str
    requires: str
    requires_php: str
    tested: str
    uri: str
    sections: dict[str, str]
    """Section of readme.txt -> HTML."""
    notice: str = ""

    def __repr__(self) -> str:
        return f"Release({self.version}, {len(self.package)} bytes)"


def released() -> Release:
    """Build the plugin's ZIP and read what it says of itself. Raises ``FileNotFoundError`` where there is none."""
    header, package = plugin_package.header(), plugin_package.package()
    readme = plugin_package.sources() / "readme.txt"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    parts = _parts(text)
    tested = re.search(r"^Tested up to:\s*(\S+)", text, re.MULTILINE)
    return Release(
        version=header["Version"],
        package=package,
        sha256=hashlib.sha256(package).hexdigest(),
        requires=header.get("Requires at least", ""),
        requires_php=header.get("Requires PHP", ""),
        tested=tested[1] if tested else "",
        uri=header.get("Update URI", ""),
        sections={name.lower().replace(" ", "_"): as_html(parts[name]) for name in _SECTIONS if name in parts},
        notice=as_html(parts.get("Upgrade Notice", "")),
    )


def signed_text(release: Release) -> bytes:
    """Return what a release's signature is over: five lines, the last without a line break."""
    named = ("crossdock-plugin-v1", release.version, release.sha256, release.requires, release.requires_php)
    return "\n".join(named).encode()


class PluginFiles:
    """Serves the plugin; the ZIP is made at the first request and kept."""

    def __init__(self, hub: Hub, make: Callable[[], Release] = released) -> None:
        self._hub = hub
        self._make = make
        self._made: Release | None = None
        self._making = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """Return the two doors."""
        return [Route(ZIP, self.zip), Route(UPDATE, self.update)]

    async def zip(self, request: Request) -> Response:
        """Answer the ZIP."""
        release = await self._release()
        if release is None:
            return _absent()
        headers = self._kept(release, "zip")
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(None, 304, headers)
        headers["Content-Disposition"] = f'attachment; filename="crossdock-{release.version}.zip"'
        return Response(release.package, headers=headers, media_type="application/zip")

    async def update(self, request: Request) -> Response:
        """Answer what WordPress is told of the newest version."""
        release = await self._release()
        if release is None:
            return _absent()
        told = self.told(release, self._base(request))
        return Response(orjson.dumps(told), headers=self._kept(release, "json"), media_type="application/json")

    def told(self, release: Release, base: str) -> dict[str, Any]:
        """Return the document of ``update.json`` of a hub that is reached at ``base``."""
        signatures = self._hub.vault.sign_release(signed_text(release))
        return {
            "id": release.uri,
            "slug": plugin_package.SLUG,
            "plugin": f"{plugin_package.SLUG}/{plugin_package.SLUG}.php",
            "name": "Crossdock",
            "version": release.version,
            "new_version": release.version,
            "url": base,
            "package": f"{base}{ZIP}",
            "requires": release.requires,
            "requires_php": release.requires_php,
            "tested": release.tested,
            "sections": release.sections,
            "upgrade_notice": release.notice,
            "size": len(release.package),
            "sha256": release.sha256,
            "signature": signatures[0].signature,
            "public_key": signatures[0].public_key,
            "signatures": [{"public_key": s.public_key, "signature": s.signature} for s in signatures],
        }

    async def _release(self) -> Release | None:
        if self._made is None:
            async with self._making:
                try:
                    self._made = self._made or await asyncio.to_thread(self._make)
                except FileNotFoundError:
                    return None
        return self._made

    def _base(self, request: Request) -> str:
        return self._hub.settings.public_url or str(request.base_url).rstrip("/")

    @staticmethod
    def _kept(release: Release, what: str) -> dict[str, str]:
        return {"ETag": f'"{release.sha256[:32]}-{what}"', "Cache-Control": f"public, max-age={_KEPT_S}"}


def latest() -> str | None:
    """Return the newest version that this installation carries; None where it carries none."""
    try:
        return plugin_package.version()
    except FileNotFoundError:
        return None


def _absent() -> Response:
    return problem(
        NotFound(
            "this installation carries no WordPress plugin",
            remedy="install Crossdock from its wheel, or run it from a checkout that has plugin/crossdock",
        )
    )


def _parts(text: str) -> dict[str, str]:
    """Part a readme.txt at its ``== Titles ==``."""
    found = re.split(r"^== (.+?) ==\s*$", text, flags=re.MULTILINE)
    return {title.strip(): body.strip() for title, body in zip(found[1::2], found[2::2], strict=True)}


def as_html(text: str) -> str:
    """Return the few marks that readme.txt knows as HTML: titles, lists, code, paragraphs; all else is escaped."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        if lines and (title := re.fullmatch(r"= (.+) =", lines[0].strip())):
            out.append(f"<h4>{_inline(title[1])}</h4>")
            lines = lines[1:]
        out += _block(lines)
    return "\n".join(out)


def _block(lines: list[str]) -> list[str]:
    if not lines:
        return []
    for mark, tag in ((r"\* ", "ul"), (r"\d+\. ", "ol")):
        if all(re.match(mark, line) for line in lines):
            items = "".join(f"<li>{_inline(re.sub(mark, '', line, count=1))}</li>" for line in lines)
            return [f"<{tag}>{items}</{tag}>"]
    return [f"<p>{_inline(' '.join(lines))}</p>"]


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
