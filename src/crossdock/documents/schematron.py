"""Schematron (ISO/IEC 19757-3, query binding xslt2) as a stylesheet that reports what fails.

For the rules of Peppol, which their publisher lets nobody carry and offers as Schematron only. What they use is
known: namespaces, variables, functions, patterns of rules, assertions and reports. Anything else is refused, so that
no rule is ever left out in silence.
"""

from __future__ import annotations

from lxml import etree

_SCH = "{http://purl.oclc.org/dsdl/schematron}"
_XSL_SPACE = "http://www.w3.org/1999/XSL/Transform"
_XSL = f"{{{_XSL_SPACE}}}"
SVRL = "http://purl.oclc.org/dsdl/svrl"
_IGNORED = {f"{_SCH}title", f"{_SCH}p", f"{_SCH}diagnostics"}
_FOREIGN = (f"{_XSL}function", f"{_XSL}key")


class UnknownSchematron(ValueError):
    """The rules use something this cannot turn into a stylesheet."""


def stylesheet(rules: bytes) -> bytes:
    """Return XSLT 3.0 whose result is an SVRL report: ``failed-assert``, ``successful-report`` with id, flag, place.

    Raises ``UnknownSchematron`` for constructs outside of the list above.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    schema = etree.fromstring(rules, parser)
    if schema.tag != f"{_SCH}schema" or not (schema.get("queryBinding") or "").startswith("xslt"):
        raise UnknownSchematron("expected a Schematron schema with the query binding xslt2 or xslt3")
    spaces = {ns.get("prefix"): ns.get("uri") for ns in schema.iter(f"{_SCH}ns")}
    inherited = {prefix: uri for prefix, uri in schema.nsmap.items() if prefix}
    sheet = etree.Element(f"{_XSL}stylesheet", nsmap={**inherited, **spaces, "xsl": _XSL_SPACE, "svrl": SVRL})
    sheet.set("version", "3.0")
    start = etree.SubElement(sheet, f"{_XSL}template", match="/")
    report = etree.SubElement(start, f"{{{SVRL}}}schematron-output")
    patterns = 0
    for part in schema:
        if part.tag == f"{_SCH}pattern":
            mode = f"p{patterns}"
            patterns += 1
            etree.SubElement(report, f"{_XSL}apply-templates", select="/", mode=mode)
            _pattern(sheet, part, mode)
        elif part.tag == f"{_SCH}let":
            _variable(sheet, part)
        elif part.tag in _FOREIGN:
            sheet.append(part)
        elif part.tag not in (*_IGNORED, f"{_SCH}ns"):
            raise UnknownSchematron(f"the element {part.tag} of the schema is not known")
    text: bytes = etree.tostring(sheet, xml_declaration=True, encoding="UTF-8")
    return text


def _variable(parent: etree._Element, let: etree._Element) -> None:
    etree.SubElement(parent, f"{_XSL}variable", name=let.get("name"), select=let.get("value"))


def _pattern(sheet: etree._Element, pattern: etree._Element, mode: str) -> None:
    """Within a pattern the first rule that matches a node is the only one it is held against."""
    rules = [part for part in pattern if part.tag == f"{_SCH}rule"]
    lets = [part for part in pattern if part.tag == f"{_SCH}let"]
    unknown = [part.tag for part in pattern if part not in rules and part not in lets and part.tag not in _IGNORED]
    if unknown or pattern.get("is-a") or pattern.get("abstract"):
        raise UnknownSchematron(f"a pattern holds {', '.join(map(str, unknown)) or 'abstract parts'}")
    for let in lets:
        # a pattern's variable is asked relative to the document
        _variable(sheet, let)
    etree.SubElement(sheet, f"{_XSL}mode", name=mode, **{"on-no-match": "shallow-skip"})
    walk = etree.SubElement(sheet, f"{_XSL}template", match="node()|/", mode=mode, priority="-1")
    etree.SubElement(walk, f"{_XSL}apply-templates", select="@*|node()", mode=mode)
    for place, rule in enumerate(rules):
        _rule(sheet, rule, mode, len(rules) - place)


def _rule(sheet: etree._Element, rule: etree._Element, mode: str, priority: int) -> None:
    attributes = {"match": rule.get("context"), "mode": mode, "priority": str(priority)}
    template = etree.SubElement(sheet, f"{_XSL}template", attributes)
    for part in rule:
        if part.tag == f"{_SCH}let":
            _variable(template, part)
        elif part.tag in (f"{_SCH}assert", f"{_SCH}report"):
            _claim(template, part)
        elif part.tag not in _IGNORED:
            raise UnknownSchematron(f"a rule holds {part.tag}")
    etree.SubElement(template, f"{_XSL}apply-templates", select="@*|node()", mode=mode)


def _claim(template: etree._Element, claim: etree._Element) -> None:
    asserted = claim.tag == f"{_SCH}assert"
    test = claim.get("test")
    when = etree.SubElement(template, f"{_XSL}if", test=f"not({test})" if asserted else test)
    kind = "failed-assert" if asserted else "successful-report"
    said = etree.SubElement(when, f"{{{SVRL}}}{kind}", id=claim.get("id") or "", flag=claim.get("flag") or "fatal")
    place = etree.SubElement(said, f"{_XSL}attribute", name="location")
    etree.SubElement(place, f"{_XSL}value-of", select="path()")
    words = "".join(str(text) for text in claim.itertext())
    etree.SubElement(said, f"{{{SVRL}}}text").text = " ".join(words.split())
