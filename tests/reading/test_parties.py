"""Names at a paper's head: senders' lines, owners, receivers without a sender's data, payments beside a name."""

from __future__ import annotations

from tests.reading.drawing import Sheet
from tests.reading.test_corners import fields


def test_a_senders_line_in_almost_the_letters_of_the_address_is_no_receiver() -> None:
    sheet = Sheet()
    sheet.text(50, 120, "Adler Holz KG, Sägemühle 1, 87435 Kempten", 8)
    sheet.lines(50, 136, ["Zimmerei Bichler GmbH", "Dorfstr. 40", "87527 Sonthofen"], 10)
    sheet.row(230, [(50, "Rechnung Nr. 4711"), (480, "11.06.2026")], 14)
    sheet.text(50, 780, "Adler Holz KG · Telefon 0831 1234 · IBAN DE12 6505 0110 0000 1234 56", 8)

    found = fields(sheet)

    assert (found["vendor"], found["customer"]) == ("Adler Holz KG", "Zimmerei Bichler GmbH")


def test_an_address_with_a_postal_code_of_six_digits_is_one() -> None:
    sheet = Sheet()
    sheet.lines(50, 60, ["Shree Traders", "Ring Road 14", "Surat, Gujarat - 395002", "Tel. 98250 00000"])
    sheet.lines(50, 150, ["Mahalaxmi Textiles", "Plot 21, Estate", "Vapi, Gujarat - 396195"])
    sheet.row(240, [(50, "Tax Invoice No. 4711"), (480, "11/06/2026")], 14)

    assert fields(sheet)["customer"] == "Mahalaxmi Textiles"


def test_who_is_called_mister_is_the_receiver() -> None:
    sheet = Sheet()
    sheet.text(220, 50, "Hotel Lindenhof", 20)
    sheet.lines(50, 110, ["Mr. Kenji Watanabe", "Aoba Trading", "Tokyo, Japan"])
    sheet.row(200, [(50, "Invoice 118822"), (480, "11/06/2026")], 14)

    found = fields(sheet)

    assert (found["vendor"], found["customer"]) == ("Hotel Lindenhof", "Mr. Kenji Watanabe")


def test_the_owner_of_a_shop_is_not_its_name() -> None:
    sheet = Sheet()
    sheet.centre(297, 60, "Imkerei Sonnenhof", 22)
    sheet.centre(297, 78, "Inh. Birgit Thoma • Feldweg 2 • 88339 Bad Waldsee • Telefon 07524 9988", 9)
    sheet.text(60, 230, "Rechnung 2026-08", 15)

    assert fields(sheet)["vendor"] == "Imkerei Sonnenhof"


def test_a_name_below_a_way_of_paying_is_the_vendors() -> None:
    sheet = Sheet()
    sheet.text(50, 60, "Receipt 2291-8841", 18)
    sheet.row(120, [(50, "Payment method"), (150, "Visa - 4242")], 9)
    sheet.lines(50, 150, ["Quillstack Labs, Inc.", "548 Market St", "San Francisco, CA 94104"], 9)
    sheet.lines(300, 150, ["Bill to", "Ingrid Solberg", "Storgata 2"], 9)

    assert fields(sheet)["vendor"] == "Quillstack Labs, Inc."


def test_a_name_in_large_letters_has_the_address_below_it() -> None:
    sheet = Sheet()
    sheet.text(50, 60, "Penelope Marsh Illustration", 15)
    sheet.lines(50, 76, ["The Old Forge, Church Lane", "Hexham NE46 1AB", "Tel. 07700 900123"], 9)
    sheet.row(200, [(50, "Invoice 4711"), (480, "11/06/2026")], 14)

    assert fields(sheet)["vendor"] == "Penelope Marsh Illustration"


def test_to_the_attention_of_is_no_name() -> None:
    sheet = Sheet()
    sheet.text(50, 60, "De Vries Hoveniers B.V.", 15)
    sheet.lines(50, 130, ["Klant", "T.a.v.", "J. Bakker", "Tulpenlaan 3", "1431 AB Aalsmeer"])
    sheet.row(230, [(50, "Factuur 4711"), (480, "11-06-2026")], 14)

    assert fields(sheet)["customer"] == "J. Bakker"
