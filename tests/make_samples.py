"""Draw the sample documents the package ships; run it after a change, and commit what it writes.

Everyone and everything in them is invented. The same script always writes the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

FOLDER = Path(__file__).parents[1] / "src" / "paperhook" / "samples"
INK = HexColor("#1f2933")
GREY = HexColor("#616e7c")
PALE = HexColor("#e4e7eb")


def write_all(folder: Path) -> list[Path]:
    """Write every sample into a folder."""
    return [
        invoice(folder / "invoice.pdf"),
        invoice_de(folder / "invoice_de.pdf"),
        receipt(folder / "receipt.pdf"),
    ]


def _canvas(path: Path, title: str, size: tuple[float, float] = A4) -> Canvas:
    canvas = Canvas(str(path), pagesize=size, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor("paperhook samples")
    return canvas


def _text(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    *,
    size: float = 9.5,
    bold: bool = False,
    colour: Any = INK,
    right: bool = False,
) -> None:
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
    canvas.setFillColor(colour)
    (canvas.drawRightString if right else canvas.drawString)(x, y, text)


def _lines(canvas: Canvas, x: float, y: float, lines: Sequence[str], **look: Any) -> None:
    for number, line in enumerate(lines):
        _text(canvas, x, y - 13.5 * number, line, **look)


def _rule(canvas: Canvas, y: float, left: float = 54, right: float = 541, width: float = 0.7) -> None:
    canvas.setStrokeColor(PALE)
    canvas.setLineWidth(width)
    canvas.line(left, y, right, y)


def _table(canvas: Canvas, y: float, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> float:
    """Draw description, quantity, price and amount; return the height below the last row."""
    edges = (54, 350, 440, 541)
    canvas.setFillColor(HexColor("#f5f7fa"))
    canvas.rect(48, y - 7, 499, 22, stroke=0, fill=1)
    for number, head in enumerate(heads):
        _text(canvas, edges[number], y, head, size=8.5, bold=True, colour=GREY, right=number > 0)
    for row in rows:
        y -= 24
        for number, cell in enumerate(row):
            _text(canvas, edges[number], y, cell, right=number > 0)
        _rule(canvas, y - 8)
    return y - 34


def _sums(canvas: Canvas, y: float, sums: Sequence[tuple[str, str]]) -> None:
    for number, (label, value) in enumerate(sums):
        last = number == len(sums) - 1
        if last:
            _rule(canvas, y + 15, left=340, width=1.2)
        _text(canvas, 340, y, label, bold=last, size=11 if last else 9.5)
        _text(canvas, 541, y, value, bold=last, size=11 if last else 9.5, right=True)
        y -= 20 if number < len(sums) - 2 else 26


def invoice(path: Path) -> Path:
    """Draw an English invoice in pounds."""
    canvas = _canvas(path, "Invoice HP-2024-0187")
    canvas.setFillColor(HexColor("#1d6f6a"))
    canvas.rect(0, 822, A4[0], 20, stroke=0, fill=1)
    _text(canvas, 54, 772, "Harbour & Pine Ltd", size=19, bold=True, colour=HexColor("#1d6f6a"))
    _lines(canvas, 54, 752, ["14 Quayside Lane", "Bristol BS1 4XY", "United Kingdom"], colour=GREY)
    _text(canvas, 541, 772, "INVOICE", size=19, right=True)
    for number, (label, value) in enumerate(
        [
            ("Invoice number", "HP-2024-0187"),
            ("Invoice date", "12 March 2024"),
            ("Due date", "11 April 2024"),
            ("Order number", "PO-55210"),
        ]
    ):
        _text(canvas, 360, 742 - 15 * number, label, colour=GREY)
        _text(canvas, 541, 742 - 15 * number, value, right=True)
    _text(canvas, 54, 672, "Bill to", size=8.5, bold=True, colour=GREY)
    _lines(canvas, 54, 656, ["Wren Street Studio", "27 Wren Street", "Leeds LS2 8QP", "United Kingdom"])
    below = _table(
        canvas,
        572,
        ["Description", "Quantity", "Unit price", "Amount"],
        [
            ["Oak reading table, 180 cm", "2", "£640.00", "£1,280.00"],
            ["Wall shelf, ash, set of three", "4", "£118.50", "£474.00"],
            ["Delivery and assembly on site", "1", "£96.00", "£96.00"],
        ],
    )
    _sums(canvas, below, [("Subtotal", "£1,850.00"), ("VAT 20%", "£370.00"), ("Total", "£2,220.00")])
    _text(canvas, 54, 214, "Payment details", size=8.5, bold=True, colour=GREY)
    _lines(
        canvas,
        54,
        198,
        ["Please pay within 30 days by bank transfer.", "IBAN GB33 BUKB 2020 1555 5555 55    BIC BUKBGB22"],
    )
    _rule(canvas, 74)
    footer = (
        "Harbour & Pine Ltd  |  VAT no. GB 123 4567 89  |  accounts@harbourpine.example  |  +44 117 496 0187"
    )
    _text(canvas, 54, 58, footer, size=8, colour=GREY)
    canvas.save()
    return path


def invoice_de(path: Path) -> Path:
    """Draw a German invoice in euros with two tax rates."""
    canvas = _canvas(path, "Rechnung R-2024/0412")
    _text(canvas, 541, 780, "Silberdistel Verlag GmbH", size=15, bold=True, right=True)
    for number, line in enumerate(
        ["Ahornweg 8", "79098 Freiburg", "Telefon 0761 5550 120", "www.silberdistel.example"]
    ):
        _text(canvas, 541, 762 - 13 * number, line, colour=GREY, right=True)
    _text(canvas, 54, 706, "Silberdistel Verlag GmbH · Ahornweg 8 · 79098 Freiburg", size=7, colour=GREY)
    _lines(
        canvas,
        54,
        688,
        ["Buchhandlung Lindenhof", "Frau Erika Beispiel", "Marktplatz 3", "72070 Tübingen"],
        size=10.5,
    )
    _text(canvas, 54, 592, "Rechnung", size=17, bold=True)
    for number, (label, value) in enumerate(
        [("Rechnungsnummer:", "R-2024/0412"), ("Rechnungsdatum:", "03.05.2024"), ("Kundennummer:", "20417")]
    ):
        _text(canvas, 54, 568 - 15 * number, label, colour=GREY)
        _text(canvas, 170, 568 - 15 * number, value)
    below = _table(
        canvas,
        498,
        ["Bezeichnung", "Menge", "Einzelpreis", "Gesamtpreis"],
        [
            ["Wanderkarte Schwarzwald Süd", "40", "9,80 €", "392,00 €"],
            ["Bildband Täler und Höhen", "12", "24,50 €", "294,00 €"],
            ["Lesezeichen, Packung zu 50 Stück", "6", "16,00 €", "96,00 €"],
        ],
    )
    _sums(
        canvas,
        below,
        [
            ("Nettobetrag", "782,00 €"),
            ("zzgl. 7 % MwSt. auf 686,00 €", "48,02 €"),
            ("zzgl. 19 % MwSt. auf 96,00 €", "18,24 €"),
            ("Gesamtbetrag", "848,26 €"),
        ],
    )
    _text(
        canvas,
        54,
        236,
        "Bitte überweisen Sie den Gesamtbetrag bis zum 02.06.2024 auf das unten genannte Konto.",
    )
    _rule(canvas, 98)
    for x, lines in (
        (
            54,
            [
                "Silberdistel Verlag GmbH",
                "Geschäftsführerin: Paula Muster",
                "Amtsgericht Freiburg HRB 000000",
            ],
        ),
        (240, ["USt-IdNr. DE999999999", "Steuernummer 06000/00000"]),
        (400, ["Musterbank Freiburg", "IBAN DE02 1203 0000 0000 2020 51", "BIC BYLADEM1001"]),
    ):
        for number, line in enumerate(lines):
            _text(canvas, x, 82 - 10 * number, line, size=7.5, colour=GREY)
    canvas.save()
    return path


def receipt(path: Path) -> Path:
    """Draw a receipt of a café in dollars."""
    width, height = 226.0, 380.0
    canvas = _canvas(path, "Receipt 004211", (width, height))

    def centred(y: float, text: str, size: float = 9, *, bold: bool = False) -> None:
        canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        canvas.setFillColor(INK)
        canvas.drawCentredString(width / 2, y, text)

    centred(346, "Paper Lantern Coffee LLC", 13, bold=True)
    centred(330, "480 Alder Street")
    centred(318, "Portland, OR 97205")
    centred(292, "RECEIPT", 11, bold=True)
    _text(canvas, 20, 270, "Receipt no. 004211", size=9)
    _text(canvas, 206, 270, "06/18/2024", size=9, right=True)
    _rule(canvas, 260, 20, 206)
    y = 242.0
    for quantity, name, price in (
        ("2", "Flat white", "$9.00"),
        ("1", "Almond croissant", "$4.75"),
        ("3", "Ginger tea", "$10.50"),
    ):
        _text(canvas, 20, y, quantity, size=9)
        _text(canvas, 40, y, name, size=9)
        _text(canvas, 206, y, price, size=9, right=True)
        y -= 17
    _rule(canvas, y + 5, 20, 206)
    for label, value, bold in (
        ("Subtotal", "$24.25", False),
        ("Sales tax", "$1.94", False),
        ("Total", "$26.19", True),
    ):
        y -= 12
        _text(canvas, 20, y, label, size=11 if bold else 9, bold=bold)
        _text(canvas, 206, y, value, size=11 if bold else 9, bold=bold, right=True)
        y -= 6
    y -= 16
    _text(canvas, 20, y, "Visa ending 0000", size=9)
    _text(canvas, 206, y, "$26.19", size=9, right=True)
    centred(48, "Thank you, see you soon!")
    canvas.save()
    return path


if __name__ == "__main__":
    for written in write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(written.name, written.stat().st_size)
