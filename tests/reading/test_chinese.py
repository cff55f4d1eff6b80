"""Chinese papers: their labels, their script beside the Japanese one, and the currency that their sign means."""

# ruff: noqa: RUF001 - Chinese papers print these signs.
from __future__ import annotations

import pytest

from paperhook.reading.context import language_of
from paperhook.reading.eastern import settled
from paperhook.reading.fields import extract
from paperhook.textlayer import Page, Word
from tests.reading.papers import page_of, value

INVOICE = """
=14 电子普通发票
发票号码：88213947
开票日期：2025年03月18日
购买方  名  称：杭州云栖文化传媒有限公司
        纳税人识别号：91330106MA2XYZ1234

货物名称          单位   数量     单价      金额    税率    税额
*餐饮服务*餐费     次       1   471.70    471.70      6%   28.30
场地租赁          小时      3   188.68    566.04      6%   33.96
合  计                                  ¥1037.74          ¥62.26
价税合计（大写）  壹仟壹佰圆整  （小写）¥1100.00

销售方  名  称：上海静安锦程酒店有限公司
        地址：上海市静安区南京西路1788号
"""

SLIP = """
=14 福满家超市
北京市朝阳区建国路18号
单号：20250905113344
日期：2025-09-05 18:02

纯牛奶     11.00
全麦面包   12.80

合计：     23.80
优惠：     -3.80
应收：     20.00
实收：     50.00
找零：     30.00
"""


def test_a_chinese_invoice_is_read() -> None:
    found = extract([page_of(INVOICE)])

    assert found.language == "zh"
    assert {name: value(found, name) for name in found.fields} == {
        "vendor": "上海静安锦程酒店有限公司",
        "customer": "杭州云栖文化传媒有限公司",
        "invoice_number": "88213947",
        "invoice_date": "2025-03-18",
        "currency": "CNY",
        "subtotal": "1037.74",
        "tax": "62.26",
        "total": "1100.00",
    }
    assert [row["description"].value for row in found.line_items] == ["*餐饮服务*餐费", "场地租赁"]


def test_a_chinese_slip_is_read() -> None:
    found = extract([page_of(SLIP)])

    assert [value(found, name) for name in ("vendor", "total")] == ["福满家超市", "20.00"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("发票号码 88213947 合计", "zh"),
        ("統一發票 總計 100", "zh"),
        ("株式会社青葉 御中 請求金額", None),
        ("領収証 ありがとうございました 合計", "ja"),
        ("Invoice of 王明", None),
    ],
)
def test_chinese_is_told_from_japanese_and_from_a_name_in_another_text(
    text: str, language: str | None
) -> None:
    assert language_of(text) == language


def test_chinese_twins_that_recognition_reads_on_a_japanese_page_are_undone() -> None:
    words = [Word(text, 10, 20 * n, 90, 20 * n + 10) for n, text in enumerate(["消费税", "おつり", "のり弁"])]

    assert settled(Page(1, 500, 500, tuple(words))).words[0].text == "消費税"
