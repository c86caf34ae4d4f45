"""Writing XML: elements in their order, nothing empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from lxml import etree

Node = Any
"""An element (the library gives its type no public name)."""


class Writer:
    """Puts elements by prefixed name (``cbc:ID``) under one another; what would stay empty is left out."""

    def __init__(self, root: str, namespaces: Mapping[str, str], *, keep: Collection[str] = ()) -> None:
        """``keep``: elements that a schema demands even when they are empty."""
        self._namespaces = dict(namespaces)
        self._keep = frozenset(self._name(name) for name in keep)
        nsmap = {prefix or None: uri for prefix, uri in namespaces.items()}
        self.root: Node = etree.Element(self._name(root), nsmap=nsmap)

    def under(self, parent: Node, *path: str) -> Node:
        """Return a new element below ``parent``, one level for every name."""
        for name in path:
            parent = etree.SubElement(parent, self._name(name))
        return parent

    def put(self, parent: Node, path: str, text: str | None, **attributes: str) -> None:
        """Write text below ``parent`` (``a/b``: b in a new a); nothing when there is no text."""
        if not text:
            return
        element = self.under(parent, *path.split("/"))
        element.text = text
        for name, value in attributes.items():
            if value:
                element.set(name, value)

    def finish(self) -> bytes:
        """Return the document; elements that hold nothing are taken out."""
        self._prune(self.root)
        etree.indent(self.root)
        document: bytes = etree.tostring(self.root, xml_declaration=True, encoding="UTF-8")
        return document + b"\n"

    def _name(self, prefixed: str) -> str:
        prefix, _, local = prefixed.rpartition(":")
        return f"{{{self._namespaces[prefix]}}}{local}"

    def _prune(self, element: Node) -> None:
        for child in list(element):
            self._prune(child)
            if len(child) == 0 and not child.text and child.tag not in self._keep:
                element.remove(child)
