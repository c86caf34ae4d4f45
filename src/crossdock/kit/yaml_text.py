"""YAML as people write settings: block and flow collections, plain and quoted scalars, comments. Pure.

Out goes YAML 1.2 that any reader takes; of JSON all is read, for it is YAML. What is not read (anchors, tags, block
scalars, several documents) is refused by line, never guessed at: so no text grows when it is read.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_TEXT = 1_000_000
MAX_DEPTH = 20
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./$-]*( [A-Za-z0-9_./$-]+)*")
_WORDS: dict[str, Any] = {"null": None, "~": None, "": None, "true": True, "false": False}
_RESERVED = frozenset({*_WORDS, "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{}#&*!|>%@`,?:-][^#\n]*?|-[^\s#][^#\n]*?)\s*:(?=\s|$)"""
)


class YamlError(ValueError):
    """A text that is not read; ``line`` counts from 1."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(f"line {line}: {rule}")
        self.line, self.rule = line, rule


# --- writing ----------------------------------------------------------------------------------------------------


def dump(value: Any) -> str:
    """Return a JSON value as YAML, an empty collection in brackets."""
    return "\n".join(_block(value, 0)) + "\n"


def _block(value: Any, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, dict) and value:
        return [line for name, each in value.items() for line in _entry(f"{indent}{_scalar(str(name))}:", each, depth)]
    if isinstance(value, list | tuple) and value:
        made = []
        for each in value:
            lines = _block(each, depth + 1)
            lines[0] = f"{indent}- {lines[0].lstrip()}"
            made += lines
        return made
    return [indent + _scalar(value)]


def _entry(head: str, value: Any, depth: int) -> list[str]:
    if isinstance(value, dict | list | tuple) and value:
        return [head, *_block(value, depth + 1)]
    return [f"{head} {_scalar(value)}"]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    if isinstance(value, tuple):
        return "[]"
    told = json.dumps(value, ensure_ascii=False)
    # lines may end at these for a YAML reader
    return (
        told.replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
        .replace("\x85", "\\u0085")
        .replace("\x7f", "\\u007f")
    )


# --- reading ----------------------------------------------------------------------------------------------------


def load(text: str) -> Any:
    """Return the value of a document; an empty one is None. Raises :class:`YamlError`."""
    if len(text) > MAX_TEXT:
        raise YamlError(1, f"a document has at most {MAX_TEXT} characters")
    reader = _Reader(text)
    value = reader.block(-1, 0)
    reader.nothing_more()
    return value


class _Reader:
    """Goes through the lines."""

    def __init__(self, text: str) -> None:
        self.lines: list[tuple[int, int, str]] = []
        """(number, indent, what stands there), without blank lines and comments."""
        for number, raw in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), start=1):
            line = raw.rstrip()
            bare = line.lstrip(" ")
            if not bare or bare.startswith("#") or (bare == "---" and not self.lines):
                continue
            if bare.startswith("\t"):
                raise YamlError(number, "a tab indents; use blanks")
            if line in ("---", "...") or line.startswith("%"):
                raise YamlError(number, "one document, without directives")
            self.lines.append((number, len(line) - len(bare), bare))
        self.at = 0

    def nothing_more(self) -> None:
        """Make sure that all was read."""
        if self.at < len(self.lines):
            raise YamlError(self.lines[self.at][0], "it does not belong to what stands above; look at its indent")

    def block(self, above: int, depth: int) -> Any:
        """Read what is indented deeper than ``above``."""
        if self.at >= len(self.lines) or self.lines[self.at][1] <= above:
            return None
        number, indent, text = self.lines[self.at]
        if depth > MAX_DEPTH:
            raise YamlError(number, f"nested deeper than {MAX_DEPTH}")
        if text == "-" or text.startswith("- "):
            return self._list(indent, depth)
        if _KEY.match(text):
            return self._map(indent, depth)
        self.at += 1
        return self._flow(number, text, above, depth)

    def _list(self, indent: int, depth: int) -> list[Any]:
        made = []
        while self.at < len(self.lines):
            number, here, text = self.lines[self.at]
            if here != indent or not (text == "-" or text.startswith("- ")):
                break
            rest = text[1:].lstrip(" ")
            if not rest or rest.startswith("#"):
                self.at += 1
                made.append(self.block(indent, depth + 1))
            else:
                # what follows the dash stands as if on a line of its own, at its own column
                self.lines[self.at] = (number, indent + len(text) - len(rest), rest)
                made.append(self.block(indent, depth + 1))
        return made

    def _map(self, indent: int, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while self.at < len(self.lines):
            number, here, text = self.lines[self.at]
            found = _KEY.match(text)
            if here != indent or found is None or text.startswith("- "):
                break
            name = _named(number, found[1])
            if name in made:
                raise YamlError(number, f"{name[:40]} is there twice")
            rest = text[found.end() :].strip()
            self.at += 1
            if not rest or rest.startswith("#"):
                made[name] = self._below(indent, depth)
            else:
                made[name] = self._flow(number, rest, indent, depth)
        return made

    def _below(self, indent: int, depth: int) -> Any:
        if self.at < len(self.lines):
            _, here, text = self.lines[self.at]
            if here == indent and (text == "-" or text.startswith("- ")):
                return self._list(indent, depth + 1)  # a list may stand as deep as its name
        return self.block(indent, depth + 1)

    def _flow(self, number: int, text: str, above: int, depth: int) -> Any:
        """Read a value on its line; a bracket may end on a later one."""
        while True:
            flow = _Flow(number, text, depth)
            try:
                return flow.whole()
            except _Open:
                if self.at >= len(self.lines) or self.lines[self.at][1] <= above:
                    raise YamlError(number, "a bracket or quote is not closed") from None
                text += " " + self.lines[self.at][2]
                self.at += 1


class _Open(Exception):
    """The text ends inside a bracket."""


class _Flow:
    """Goes through the characters of a value."""

    def __init__(self, number: int, text: str, depth: int) -> None:
        self.number, self.text, self.depth = number, text, depth
        self.at = 0

    def whole(self) -> Any:
        """Return the one value there is."""
        value = self._value(plain_ends=None)
        self._blanks()
        if self.at < len(self.text):
            raise self._error("something stands behind the value")
        return value

    def _error(self, rule: str) -> YamlError:
        return YamlError(self.number, rule)

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1
        if self.at < len(self.text) and self.text[self.at] == "#" and (self.at == 0 or self.text[self.at - 1] == " "):
            self.at = len(self.text)

    def _value(self, plain_ends: str | None) -> Any:
        self._blanks()
        if self.at >= len(self.text):
            raise _Open
        first = self.text[self.at]
        if first in "[{":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self._error(f"nested deeper than {MAX_DEPTH}")
            value = self._list() if first == "[" else self._map()
            self.depth -= 1
            return value
        if first in "\"'":
            return self._quoted(first)
        if first in "&*!|>%@`" or (first == "?" and self.text[self.at + 1 : self.at + 2] in ("", " ")):
            raise self._error(f"{first} is not read here; write the value out, in quotes if it begins so")
        return self._plain(plain_ends)

    def _quoted(self, mark: str) -> str:
        pattern = r'"(?:[^"\\]|\\.)*"' if mark == '"' else r"'(?:[^']|'')*'"
        found = re.compile(pattern).match(self.text, self.at)
        if found is None:
            raise _Open
        self.at = found.end()
        return _unquoted(self.number, found[0])

    def _plain(self, ends: str | None) -> Any:
        start = self.at
        while self.at < len(self.text):
            here = self.text[self.at]
            if ends is not None and here in ends and (here != ":" or self.text[self.at + 1 : self.at + 2] in ("", " ")):
                break
            if here == "#" and self.text[self.at - 1] == " ":
                break
            if here == ":" and ends is None and self.text[self.at + 1 : self.at + 2] in ("", " "):
                raise self._error("a colon inside a value; put the value in quotes")
            self.at += 1
        return _resolved(self.text[start : self.at].rstrip())

    def _list(self) -> list[Any]:
        made: list[Any] = []
        self.at += 1
        while True:
            self._blanks()
            if self._take("]"):
                return made
            made.append(self._value(",]"))
            self._blanks()
            if not self._take(","):
                if self._take("]"):
                    return made
                raise self._open_or("expected , or ]")

    def _map(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        self.at += 1
        while True:
            self._blanks()
            if self._take("}"):
                return made
            name = self._value(":,}")
            self._blanks()
            if not self._take(":"):
                raise self._open_or("expected a colon after a name")
            key = name if isinstance(name, str) else json.dumps(name)
            if key in made:
                raise self._error(f"{key[:40]} is there twice")
            self._blanks()
            made[key] = None if self.text[self.at : self.at + 1] in (",", "}") else self._value(",}")
            self._blanks()
            if not self._take(","):
                if self._take("}"):
                    return made
                raise self._open_or("expected , or }")

    def _take(self, mark: str) -> bool:
        if self.text[self.at : self.at + 1] != mark:
            return False
        self.at += 1
        return True

    def _open_or(self, rule: str) -> Exception:
        return _Open() if self.at >= len(self.text) else self._error(rule)


def _named(number: int, text: str) -> str:
    return _unquoted(number, text) if text[0] in "\"'" else text


def _unquoted(number: int, text: str) -> str:
    if text[0] == "'":
        return text[1:-1].replace("''", "'")

    def one(found: re.Match[str]) -> str:
        told = found[1]
        if told[0] in "xuU" and len(told) > 1:
            return chr(min(int(told[1:], 16), 0x10FFFF))
        if told not in _ESCAPES:
            raise YamlError(number, f"the escape \\{told[:1]} is not read; use those of JSON")
        return _ESCAPES[told]

    made = _ESCAPE.sub(one, text[1:-1])
    # JSON writes what lies beyond the first plane as two halves
    return made.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = dict(zip('"\\/ 0abefnrtvN_LP', '"\\/ \0\a\b\x1b\f\n\r\t\v\x85\xa0\u2028\u2029', strict=True))


def _resolved(text: str) -> Any:
    """Return a plain scalar's value by YAML 1.2's core rules: ``yes`` is a word."""
    if text in _WORDS or text.lower() in ("true", "false", "null"):
        return _WORDS[text if text in _WORDS else text.lower()]
    if _WHOLE.fullmatch(text) and len(text) < 20:
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) and not _WHOLE.fullmatch(text) else text
