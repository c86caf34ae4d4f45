"""A connector's reference page, made from its manifest alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from crossdock.connect.auth.facts import OAuth2Facts
from crossdock.connect.limits import Limits
from crossdock.connect.manifest import FormField, Manifest, Stream


def render(manifest: Manifest) -> str:
    """Return the page as Markdown, ending in one newline."""
    identity = manifest.identity
    parts = [
        f"# {identity.title}",
        f"Connector `{identity.name}` {identity.version} ({identity.maturity}) · {', '.join(identity.categories)}"
        + (f" · speaks API {identity.api_version}" if identity.api_version else ""),
        f"The vendor's documentation: <{identity.docs}>",
        "*This page is made from the connector's manifest.*",
        _access(manifest),
        _table("Connecting asks for", ("name", "what", "kind", "needed", "help"), map(_field, manifest.form)),
        _table(
            "Streams it reads",
            ("stream", "entity", "path", "read on by", "every"),
            ((s.name, s.entity, f"`{s.path}`", s.cursor.value, _every(s)) for s in manifest.streams),
        ),
        _table(
            "Actions it takes",
            ("action", "of", "kind", "writes", "at once"),
            (
                (
                    a.name,
                    ", ".join(a.entities) or f"wishes of {a.stream}",
                    a.kind.value,
                    ", ".join(a.objects),
                    str(a.batch),
                )
                for a in manifest.actions
            ),
        ),
        _limits(manifest.limits),
        _webhooks(manifest),
        _table(
            "What its answers mean",
            ("status", "code or pattern", "outcome", "told to people"),
            (
                (str(r.status or "any"), _cell(r.code or r.pattern or ""), r.outcome.value, _cell(r.message))
                for r in manifest.errors
            ),
        ),
        _table("Quality", ("rule", "state"), ((n, _cell(q)) for n, q in sorted(manifest.quality.items()))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _access(manifest: Manifest) -> str:
    kinds = ", ".join(kind.value for kind in manifest.auth.kinds)
    lines = ["## Access", f"- Proof of who we are: {kinds}"]
    if manifest.auth.scopes:
        lines.append("- Permissions to give: " + ", ".join(f"`{scope}`" for scope in manifest.auth.scopes))
    if manifest.auth.oauth2 is not None:
        lines += _oauth2(manifest.auth.oauth2)
    hosts = ", ".join(f"`{host}`" for host in manifest.hosts.allow) or "the address that you give, by the egress guard"
    lines.append(f"- Connects to: {hosts}")
    return "\n".join(lines)


def _oauth2(facts: OAuth2Facts) -> list[str]:
    life = "as the answer says" if facts.life_s is None else f"{facts.life_s:g} s unless the answer says otherwise"
    rotating = "each renewal brings a new refresh token and uses the old one up"
    if facts.grace_s:
        rotating += f", which is taken once more for {facts.grace_s:g} s"
    lines = [
        f"- OAuth 2.0: people accept on `{facts.authorize_url}`, tokens come from `{facts.token_url}`",
        f"- Proof of the app: {facts.client_auth.value}, PKCE {facts.pkce.value}",
        f"- Life of a token: {life}; {rotating if facts.rotates else 'the refresh token stays the same'}",
    ]
    if facts.optional_scopes:
        lines.append("- Of these it does without: " + ", ".join(f"`{scope}`" for scope in facts.optional_scopes))
    return lines


def _field(field: FormField) -> tuple[str, ...]:
    kind = " or ".join(field.choices) if field.choices else field.kind.value
    needed = "yes" if field.required else "no"
    return (f"`{field.name}`", _cell(field.label), kind, needed, _cell(field.help))


def _limits(limits: Limits) -> str:
    budget = f"- {limits.requests} requests in any {limits.per_s:g} s, {limits.concurrency} at once"
    records = "1 record" if limits.batch == 1 else f"{limits.batch} records"
    lines = ["## Limits", f"{budget}, {records} a call, {limits.timeout_s:g} s to answer"]
    if limits.daily is not None:
        lines.append(f"- {limits.daily} requests a day")
    lines += [f"- `{e.path}`: {e.requests} requests in any {e.per_s:g} s" for e in limits.endpoints]
    if limits.source:
        lines.append(f"- Source: {limits.source}")
    return "\n".join(lines)


def _webhooks(manifest: Manifest) -> str:
    hooks = manifest.webhooks
    if hooks is None:
        return ""
    order = "in order" if hooks.ordered else "in no certain order"
    again = "repeated when they fail" if hooks.retried else "never repeated"
    topics = ", ".join(f"`{topic}`" for topic in hooks.topics)
    return f"## Webhooks it takes\n- {topics}\n- Signature: {hooks.signature}\n- They come {order} and are {again}"


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join((f"## {title}", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *lines))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def write(manifest: Manifest, directory: Path) -> Path:
    """Write the page as ``<directory>/<name>.md`` and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{manifest.name}.md"
    path.write_text(render(manifest), encoding="utf-8")
    return path


def _every(stream: Stream) -> str:
    if stream.interval_s is None:
        return "the hub's interval (300 s; 60 s without webhooks)"
    without = f"; {stream.unrung_s:g} s without webhooks" if stream.unrung_s else ""
    return f"{stream.interval_s:g} s{without}"
