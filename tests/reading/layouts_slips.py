"""Till receipts and Japanese papers of invented senders, with what each of them states."""

# ruff: noqa: RUF001 - Japanese papers print these signs.
from __future__ import annotations

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

from tests.reading.drawing import Expected, Sheet
from tests.reading.layouts import Layout, item

LAYOUTS: dict[str, Layout] = {}
MINCHO = "HeiseiMin-W3"


def layout(draw: Layout) -> Layout:
    LAYOUTS[draw.__name__] = draw
    return draw


def japanese(size: tuple[float, float]) -> Sheet:
    # One of the fonts that readers of PDF bring along, so that no font file is needed here.
    pdfmetrics.registerFont(UnicodeCIDFont(MINCHO))
    return Sheet(size, font=MINCHO)


@layout
def prices_with_counts_below_their_names() -> tuple[bytes, Expected]:
    s = Sheet((230, 420), font="Courier")
    s.centre(115, 40, "CORNER PANTRY", 14)
    s.centre(115, 56, "41 Mill Lane", 8)
    s.centre(115, 66, "Dover, DE 19901", 8)
    s.text(12, 90, "06/03/2024 09:14  Reg 2", 8)
    s.row(115, [(12, "OAT MILK 1L"), (-215, "$7.98")], 9)
    s.text(24, 127, "2 @ $3.99", 9)
    s.row(139, [(12, "SOURDOUGH"), (-215, "$5.50")], 9)
    s.text(12, 151, "FREE RANGE EGGS", 9)
    s.row(163, [(24, "3 x 2.10"), (-215, "$6.30")], 9)
    s.pairs(90, 190, 215, [("SUBTOTAL", "$19.78"), ("TAX", "$0.00"), ("TOTAL", "$19.78")], 9, step=12)
    s.pairs(90, 230, 215, [("CASH", "$20.00"), ("CHANGE", "$0.22")], 9, step=12)
    return s.pdf(), {
        "type": "receipt",
        "vendor": "CORNER PANTRY",
        "customer": None,
        "invoice_number": None,
        "invoice_date": "2024-06-03",
        "due_date": None,
        "currency": "USD",
        "subtotal": "19.78",
        "tax": "0.00",
        "total": "19.78",
        "line_items": [
            item("OAT MILK 1L", "2", "3.99", "7.98"),
            item("SOURDOUGH", None, None, "5.50"),
            item("FREE RANGE EGGS", "3", "2.10", "6.30"),
        ],
    }


@layout
def counts_before_names_and_a_card_slip() -> tuple[bytes, Expected]:
    s = Sheet((230, 430))
    s.centre(115, 40, "Trattoria Bellavista", 15, bold=True)
    s.centre(115, 56, "Kirchgasse 3, 6020 Innsbruck", 8)
    s.centre(115, 67, "ATU00000000", 8)
    s.text(15, 92, "Rechnung Nr. 20417", 9)
    s.right(215, 92, "14.07.2024 20:41", 9)
    s.row(120, [(15, "2x Pizza Funghi"), (-215, "23,80")], 9)
    s.row(133, [(15, "1x Insalata mista"), (-215, "6,40")], 9)
    s.row(146, [(15, "3x Mineralwasser 0,5"), (-215, "12,60")], 9)
    s.row(175, [(15, "Summe EUR"), (-215, "42,80")], 12, bold=True)
    s.pairs(15, 200, 215, [("10% MwSt. aus 38,91", "3,89"), ("Bankomat EUR", "42,80")], 8, step=12)
    s.centre(115, 250, "Vielen Dank für Ihren Besuch!", 8)
    return s.pdf(), {
        "type": "invoice",
        "vendor": "Trattoria Bellavista",
        "customer": None,
        "invoice_number": "20417",
        "invoice_date": "2024-07-14",
        "due_date": None,
        "currency": "EUR",
        "subtotal": None,
        "tax": "3.89",
        "total": "42.80",
        "line_items": [
            item("Pizza Funghi", "2", None, "23.80"),
            item("Insalata mista", "1", None, "6.40"),
            item("Mineralwasser 0,5", "3", None, "12.60"),
        ],
    }


@layout
def order_number_and_balance_after_a_payment() -> tuple[bytes, Expected]:
    s = Sheet((612, 792))
    s.text(50, 60, "Beacon Marine Services LLC", 18, bold=True)
    s.lines(50, 78, ["12 Wharf Street", "Portland, ME 04101", "billing@beaconmarine.example"], 9)
    s.right(560, 60, "INVOICE", 20)
    pairs = [
        ("Invoice No.", "BM-3310"),
        ("Invoice Date", "05/20/2024"),
        ("Due Date", "06/19/2024"),
        ("P.O. Number", "4500-1187"),
    ]
    s.pairs(380, 90, 560, pairs, 9)  # fmt: skip
    s.text(50, 150, "Bill To:", 9, bold=True)
    s.lines(50, 162, ["Casco Bay Ferries", "56 Commercial Street", "Portland, ME 04101"], 9)
    edges = (50, -380, -470, -560)
    rows = [("Description", "Hours", "Rate", "Amount"), ("Hull inspection", "6", "95.00", "570.00"), ("Propeller repair", "10", "95.00", "950.00")]  # fmt: skip
    s.table(240, edges, rows, 9)
    totals = [("Subtotal", "$1,520.00"), ("Sales tax", "$83.60"), ("Total", "$1,603.60"), ("Deposit received", "-$600.00"), ("Balance due", "$1,003.60")]  # fmt: skip
    s.pairs(380, 320, 560, totals, 9)
    return s.pdf(), {
        "vendor": "Beacon Marine Services LLC",
        "customer": "Casco Bay Ferries",
        "invoice_number": "BM-3310",
        "po_number": "4500-1187",
        "invoice_date": "2024-05-20",
        "due_date": "2024-06-19",
        "currency": "USD",
        "subtotal": "1520.00",
        "tax": "83.60",
        "total": "1603.60",
        "amount_due": "1003.60",
        "line_items": [
            item("Hull inspection", "6", "95.00", "570.00"),
            item("Propeller repair", "10", "95.00", "950.00"),
        ],
    }


@layout
def japanese_invoice_with_an_era_date() -> tuple[bytes, Expected]:
    s = japanese((595, 842))
    s.centre(297, 70, "請　求　書", 22)
    s.text(60, 120, "青葉建設株式会社　御中", 14)
    s.right(540, 110, "請求書番号：S-2024-018", 10)
    s.right(540, 126, "発行日：令和6年5月31日", 10)
    s.right(540, 142, "お支払期限：2024年6月30日", 10)
    s.text(380, 180, "有限会社みどり測量", 13)
    s.lines(
        380,
        198,
        ["〒983-0000", "宮城県仙台市宮城野区1-2-3", "電話 022-000-0000", "登録番号 T0000000000000"],
        9,
    )
    s.text(60, 200, "ご請求金額　¥286,000", 16)
    edges = (60, -350, -430, -540)
    rows = [("品名", "数量", "単価", "金額"), ("現況測量", "2", "80,000", "160,000"), ("図面作成費", "4", "25,000", "100,000")]  # fmt: skip
    y = 290.0
    for row in rows:
        s.row(y, list(zip(edges, row, strict=True)), 10)
        y += 20
    s.pairs(350, 380, 540, [("小計", "¥260,000"), ("消費税(10%)", "¥26,000"), ("合計", "¥286,000")], 10)
    s.text(60, 480, "振込先：北星銀行 本店 普通 0000000", 9)
    return s.pdf(), {
        "vendor": "有限会社みどり測量",
        "customer": "青葉建設株式会社",
        "invoice_number": "S-2024-018",
        "invoice_date": "2024-05-31",
        "due_date": "2024-06-30",
        "currency": "JPY",
        "subtotal": "260000",
        "tax": "26000",
        "total": "286000",
        "line_items": [
            item("現況測量", "2", "80000", "160000"),
            item("図面作成費", "4", "25000", "100000"),
        ],
    }


@layout
def japanese_receipt_with_full_width_figures() -> tuple[bytes, Expected]:
    s = japanese((230, 400))
    s.centre(115, 40, "喫茶ひだまり", 16)
    s.centre(115, 58, "東京都杉並区高円寺9-9", 8)
    s.centre(115, 69, "ＴＥＬ　０３－００００－００００", 8)
    s.centre(115, 92, "領　収　書", 12)
    s.text(15, 112, "R6.4.12  15:02", 9)
    s.row(135, [(15, "ブレンドコーヒー"), (-215, "￥１，１００")], 9)
    s.text(120, 148, "@550×2", 9)
    s.row(162, [(15, "チーズケーキ"), (-215, "￥６５０")], 9)
    s.row(190, [(15, "小　計"), (-215, "￥１，７５０")], 9)
    s.row(204, [(15, "合　計"), (-215, "￥１，７５０")], 13)
    s.row(220, [(15, "（内消費税等"), (-215, "￥１５９）")], 9)
    s.row(236, [(15, "お預り"), (-215, "￥２，０００")], 9)
    s.row(250, [(15, "お　釣"), (-215, "￥２５０")], 9)
    return s.pdf(), {
        "type": "receipt",
        "vendor": "喫茶ひだまり",
        "customer": None,
        "invoice_number": None,
        "invoice_date": "2024-04-12",
        "due_date": None,
        "currency": "JPY",
        "subtotal": "1750",
        "tax": "159",
        "total": "1750",
        "line_items": [
            item("ブレンドコーヒー", "2", "550", "1100"),
            item("チーズケーキ", None, None, "650"),
        ],
    }
