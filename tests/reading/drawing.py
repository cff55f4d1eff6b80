"""A sheet of paper to draw test invoices on: places in points from the top left."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

Expected = Mapping[str, Any]


@dataclass
class Sheet:
    size: tuple[float, float] = A4
    rotation: int = 0
    file: io.BytesIO = field(default_factory=io.BytesIO)
    font: str = "Helvetica"

    def __post_init__(self) -> None:
        self.canvas = Canvas(self.file, pagesize=self.size, invariant=1)

    def text(
        self, x: float, y: float, text: str, size: float = 10, *, bold: bool = False, align: str = "left"
    ) -> None:
        self.canvas.setFont(f"{self.font}-Bold" if bold else self.font, size)
        draw = {
            "left": self.canvas.drawString,
            "right": self.canvas.drawRightString,
            "centre": self.canvas.drawCentredString,
        }[align]
        draw(x, self.size[1] - y, text)

    def right(self, x: float, y: float, text: str, size: float = 10, *, bold: bool = False) -> None:
        self.text(x, y, text, size, bold=bold, align="right")

    def centre(self, x: float, y: float, text: str, size: float = 10, *, bold: bool = False) -> None:
        self.text(x, y, text, size, bold=bold, align="centre")

    def lines(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        size: float = 10,
        *,
        step: float = 0,
        align: str = "left",
    ) -> float:
        """Draw lines below each other; return the height of the next."""
        for line in lines:
            self.text(x, y, line, size, align=align)
            y += step or size * 1.3
        return y

    def row(
        self, y: float, cells: Sequence[tuple[float, str]], size: float = 10, *, bold: bool = False
    ) -> None:
        """Draw one line of cells; a negative x is a right edge."""
        for x, text in cells:
            self.text(abs(x), y, text, size, bold=bold, align="right" if x < 0 else "left")

    def table(
        self,
        y: float,
        edges: Sequence[float],
        rows: Sequence[Sequence[str]],
        size: float = 10,
        *,
        step: float = 18,
    ) -> float:
        """Draw rows, the first of them bold heads; a negative edge is a right edge."""
        for number, row in enumerate(rows):
            self.row(y, list(zip(edges, row, strict=True)), size, bold=number == 0)
            y += step
        return y

    def pairs(
        self,
        x: float,
        y: float,
        right: float,
        pairs: Sequence[tuple[str, str]],
        size: float = 10,
        *,
        step: float = 16,
    ) -> float:
        """Draw labels and right-aligned values."""
        for label, value in pairs:
            self.text(x, y, label, size)
            self.right(right, y, value, size)
            y += step
        return y

    def next_page(self) -> None:
        self.canvas.showPage()

    def pdf(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self.file.getvalue() if not self.rotation else turned(self.file.getvalue(), self.rotation)


def turned(content: bytes, rotation: int) -> bytes:
    """Display all pages of a PDF turned clockwise, as a scanner's software does."""
    document = pypdfium2.PdfDocument(content)
    for page in document:
        page.set_rotation(rotation)
    file = io.BytesIO()
    document.save(file)
    document.close()
    return file.getvalue()
