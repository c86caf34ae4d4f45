"""A sheet of A4 paper: fonts, colours, text in boxes, the head of further pages and the foot of all."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos
from fpdf.fonts import TTFFont

from crossdock.documents.page.tongue import Tongue

FONTS = Path(__file__).parent / "fonts"
LEFT, RIGHT, WIDTH = 20.0, 190.0, 170.0
"""Millimetres from the left edge."""
TOP, BOTTOM = 30.0, 268.0
"""Where the body of further pages begins and that of all pages ends, from the upper edge."""
INK, GREY, PALE, ACCENT, ALARM = (33, 37, 41), (108, 117, 125), (241, 244, 248), (30, 64, 116), (180, 83, 9)
_LEADING = 1.32


@cache
def characters() -> frozenset[int]:
    """Return what both faces of the font have a glyph for."""
    faces = []
    for face in ("Regular", "Bold"):
        with TTFont(FONTS / f"NotoSans-{face}.ttf") as font:
            faces.append(frozenset(font.getBestCmap()))
    return faces[0] & faces[1]


class Sheet(FPDF):
    """Pages that know their head and foot."""

    def __init__(self, tongue: Tongue, *, heading: str, foot: tuple[str, ...], pages: int) -> None:
        super().__init__(format="A4", unit="mm", enforce_compliance="PDF/A-3B")
        self.tongue, self._heading, self._foot, self._pages = tongue, heading, foot, pages
        self.shortened = 0
        """How many texts did not fit their boxes."""
        for style, face in (("", "Regular"), ("B", "Bold")):
            self.add_font("Noto", style, FONTS / f"NotoSans-{face}.ttf")
        self.set_auto_page_break(False)
        self.set_margins(LEFT, TOP, 210 - RIGHT)
        self.c_margin = 0

    def close_fonts(self) -> None:
        """Let go of the font files, which the library holds open."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def header(self) -> None:
        """Nothing on the first page; on others which document this is."""
        if self.page_no() > 1:
            self.say(LEFT, 15, WIDTH, self._heading, size=8.5, colour=GREY)
            self.rule(21)

    def footer(self) -> None:
        """Who the seller is by law, and the page's number."""
        self.rule(273)
        third = WIDTH / 3
        for at, text in enumerate(self._foot):
            self.box(LEFT + at * third, 275, third - 4, text, size=6.5, colour=GREY, most=4)
        page = f"{self.tongue['page']} {self.page_no()} {self.tongue['of_pages']} {self._pages}"
        self.say(LEFT, 288, WIDTH, page, size=6.5, colour=GREY, align="R")

    def font(self, size: float, *, bold: bool = False) -> None:
        """Choose the face."""
        self.set_font("Noto", "B" if bold else "", size)

    def rule(
        self, y: float, *, start: float = LEFT, colour: tuple[int, int, int] = (206, 212, 218), width: float = 0.2
    ) -> None:
        """Draw a line to the right edge of the body."""
        self.set_draw_color(*colour)
        self.set_line_width(width)
        self.line(start, y, RIGHT, y)

    def say(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        *,
        size: float = 9,
        bold: bool = False,
        align: str = "L",
        colour: tuple[int, int, int] = INK,
    ) -> None:
        """Write one line; what does not fit is cut and ends in dots."""
        self.font(size, bold=bold)
        line = " ".join(text.split("\n"))
        if self.get_string_width(line) > width:
            self.shortened += 1
            line = self._cut(line, width)
        self.set_text_color(*colour)
        self.set_xy(x, y)
        self.cell(width, self.height(1, size), line, align=align)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        *,
        size: float = 9,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        most: int = 60,
    ) -> float:
        """Write lines within a width, ``most`` of them; return where they end."""
        self.font(size, bold=bold)
        lines = self.lines(text, width, size=size, bold=bold, most=most)
        self.set_text_color(*colour)
        height = self.height(1, size)
        for at, line in enumerate(lines):
            self.set_xy(x, y + at * height)
            self.cell(width, height, line, new_x=XPos.LEFT, new_y=YPos.NEXT)
        return y + len(lines) * height

    def lines(self, text: str, width: float, *, size: float = 9, bold: bool = False, most: int = 60) -> list[str]:
        """Return text broken into lines of a width; the last allowed one ends in dots when there are more."""
        if not text:
            return []
        self.font(size, bold=bold)
        found = self.multi_cell(width, text=text, align="L", dry_run=True, output=MethodReturnValue.LINES)
        assert isinstance(found, list)
        lines = [str(line) for line in found]
        if len(lines) > most:
            self.shortened += 1
            lines = [*lines[: most - 1], self._cut(lines[most - 1] + " …", width)]
        return lines

    def height(self, lines: int, size: float) -> float:
        """Return how high so many lines are."""
        return lines * size * 0.3528 * _LEADING

    def _cut(self, line: str, width: float) -> str:
        line = line.rstrip(" …")
        # a character is never narrower than a twentieth of a millimetre at these sizes
        line = line[: int(width * 20)]
        while line and self.get_string_width(line + "…") > width:
            line = line[:-1]
        return line + "…"
