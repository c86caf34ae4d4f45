"""QR codes as SVG inside a page: nothing is loaded for them, and the policy allows no other way."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr(text: str, said: str) -> Markup:
    """Return a text as a QR code; ``said`` is what those hear who cannot see it."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)
    # segno draws numbers alone; the text is in the pattern, not in the markup
    return Markup(drawn.replace("<svg ", f'<svg role="img" aria-label="{Markup.escape(said)}" ', 1))  # noqa: S704
