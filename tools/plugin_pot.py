"""Write the plugin's translation template from its sources.

Usage: ``python tools/plugin_pot.py [--check]`` (with --check: say whether the template is current, change nothing).

Texts are found where WordPress' functions are called with literals in the plugin's text domain. References name files
without lines: a template changes when a text does, not when code moves.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "plugin" / "crossdock"
POT = PLUGIN / "languages" / "crossdock.pot"
DOMAIN = "crossdock"

FUNCTIONS = {
    **dict.fromkeys(("__", "_e", "esc_html__", "esc_html_e", "esc_attr__", "esc_attr_e"), ("text", "domain")),
    **dict.fromkeys(("_x", "_ex", "esc_html_x", "esc_attr_x"), ("text", "context", "domain")),
    "_n": ("text", "plural", "number", "domain"),
    "_nx": ("text", "plural", "number", "context", "domain"),
    "_n_noop": ("text", "plural", "domain"),
    "_nx_noop": ("text", "plural", "context", "domain"),
}
"""What each argument of a translating function is."""

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*|\#(?!\[)[^\n]*)
    |(?P<single>'(?:[^'\\]|\\.)*')
    |(?P<double>"(?:[^"\\]|\\.)*")
    |(?P<heredoc><<<[ \t]*(?P<quote>['"]?)(?P<label>\w+)(?P=quote)\n.*?\n[ \t]*(?P=label)\b)
    |(?P<name>\$?[A-Za-z_\\][\w\\]*)
    |(?P<other>\S)
    |(?P<space>\s+)""",
    re.DOTALL | re.VERBOSE,
)


@dataclass
class Text:
    """A text to be translated, with everything a translator is told."""

    text: str
    plural: str = ""
    context: str = ""
    files: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """A call of a translating function."""

    function: str
    arguments: tuple[str | None, ...]
    """The literals; None for an argument that is not one."""
    remark: str


def main() -> int:
    """Write the template, or check it."""
    made = template()
    if "--check" in sys.argv[1:]:
        current = POT.is_file() and POT.read_text(encoding="utf-8") == made
        print("the template is current" if current else "the template is old: run make plugin-pot")
        return 0 if current else 1
    POT.write_text(made, encoding="utf-8")
    print(f"{POT.relative_to(ROOT)}: {made.count('msgid ') - 1} texts")
    return 0


def template(folder: Path = PLUGIN) -> str:
    """Return the template of a plugin's folder."""
    texts: dict[tuple[str, str], Text] = {}
    main = (folder / f"{DOMAIN}.php").read_text(encoding="utf-8")
    headers = dict(re.findall(r"^ \* ([A-Z][A-Za-z ]+):[ \t]+(.+)$", main, re.MULTILINE))
    for name in ("Plugin Name", "Description"):
        texts["", headers[name].strip()] = Text(headers[name].strip(), files={f"{DOMAIN}.php"}, remarks=[name])
    for path in sorted(folder.rglob("*.php")):
        shown = path.relative_to(folder).as_posix()
        for call in calls(path.read_text(encoding="utf-8")):
            _keep(texts, call, shown)
    head = (
        f"# Texts of the Crossdock plugin.\n# Distributed under its licence: {headers['License'].strip()}.\n"
        'msgid ""\nmsgstr ""\n'
        f'"Project-Id-Version: Crossdock {headers["Version"].strip()}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"X-Domain: {DOMAIN}\\n"\n'
    )
    return head + "".join(_entry(texts[key]) for key in sorted(texts, key=lambda key: (key[1], key[0])))


def _keep(texts: dict[tuple[str, str], Text], call: Call, file: str) -> None:
    parts = dict(zip(FUNCTIONS[call.function], call.arguments, strict=False))
    wanted = [part for part in FUNCTIONS[call.function] if part != "number"]
    missing = [part for part in wanted if parts.get(part) is None]
    if missing:
        raise SystemExit(f"{file}: {call.function}() needs a literal {missing[0]}: {call.arguments}")
    if parts["domain"] != DOMAIN:
        raise SystemExit(f"{file}: {call.function}() is in the text domain {parts['domain']!r}, not {DOMAIN!r}")
    text, context, plural = str(parts["text"]), str(parts.get("context") or ""), str(parts.get("plural") or "")
    kept = texts.setdefault((context, text), Text(text, plural, context))
    kept.plural = kept.plural or plural
    kept.files.add(file)
    if call.remark and call.remark not in kept.remarks:
        kept.remarks.append(call.remark)


def calls(source: str) -> Iterator[Call]:
    """Find the calls of translating functions in a PHP file, in their order."""
    tokens = [one for code in re.findall(r"<\?(?:php|=)(.*?)(?:\?>|\Z)", source, re.DOTALL) for one in _tokens(code)]
    remark = ""
    for at, (kind, value) in enumerate(tokens):
        if kind == "comment":
            found = re.match(r"(?:/\*+|//|#)\s*(translators:.*?)\s*(?:\*/)?$", value, re.DOTALL | re.IGNORECASE)
            remark = re.sub(r"\s+", " ", found[1]) if found else remark
        elif kind == "other" and value in ";{}":
            remark = ""
        elif kind == "name" and value.lstrip("\\") in FUNCTIONS and _is_call(tokens, at):
            yield Call(value.lstrip("\\"), _arguments(tokens, at + 2), remark)


def _tokens(code: str) -> list[tuple[str, str]]:
    return [(one.lastgroup or "", one[0]) for one in TOKEN.finditer(code) if one.lastgroup != "space"]


def _is_call(tokens: list[tuple[str, str]], at: int) -> bool:
    before = [value for _, value in tokens[max(0, at - 2) : at]]
    own = before[-1:] == ["function"] or before in (["-", ">"], [":", ":"])
    return not own and tokens[at + 1 : at + 2] == [("other", "(")]


def _arguments(tokens: list[tuple[str, str]], at: int) -> tuple[str | None, ...]:
    """Read literals up to the closing bracket; strings joined by dots are one."""
    found: list[list[tuple[str, str]]] = [[]]
    depth = 0
    for kind, value in tokens[at:]:
        if kind == "other" and value in ")]" and depth == 0:
            break
        if kind == "other" and value in "([":
            depth += 1
        elif kind == "other" and value in ")]":
            depth -= 1
        if kind == "other" and value == "," and depth == 0:
            found.append([])
        elif kind != "comment":
            found[-1].append((kind, value))
    return tuple(_literal(one) for one in found if one)


def _literal(tokens: list[tuple[str, str]]) -> str | None:
    pieces = []
    for at, (kind, value) in enumerate(tokens):
        if at % 2:
            if value != ".":
                return None
        elif kind == "single":
            pieces.append(re.sub(r"\\(['\\])", r"\1", value[1:-1]))
        elif kind == "double" and "$" not in value.replace("\\$", ""):
            pieces.append(
                value[1:-1].replace("\\n", "\n").replace('\\"', '"').replace("\\$", "$").replace("\\\\", "\\")
            )
        else:
            return None
    return "".join(pieces) if len(tokens) % 2 else None


def _entry(text: Text) -> str:
    lines = [f"#. {remark}" for remark in text.remarks]
    lines += [f"#: {file}" for file in sorted(text.files)]
    if re.search(r"%(?:\d+\$)?[sdf]", text.text + text.plural):
        lines.append("#, php-format")
    if text.context:
        lines.append(f"msgctxt {_quoted(text.context)}")
    lines.append(f"msgid {_quoted(text.text)}")
    if text.plural:
        lines += [f"msgid_plural {_quoted(text.plural)}", 'msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines.append('msgstr ""')
    return "\n" + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


if __name__ == "__main__":
    raise SystemExit(main())
