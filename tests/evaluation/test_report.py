from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from paperhook.errors import MissingExtra
from paperhook.evaluation import report as module
from paperhook.evaluation.figures import EvaluatedDocument, Evaluation, bins
from paperhook.evaluation.judging import Judgement, Verdict, judge
from paperhook.evaluation.plot import calibration_plot, distribution_plot
from paperhook.evaluation.report import pictures_of, report
from paperhook.picture.pages import PagePicture
from tests.make_samples import FOLDER

from .cases import document, field, result

PICTURE = PagePicture(b"\xff\xd8 not really", 600, 800)


def evaluation(name: str = "acme", vendor: str = "<b>Evil</b>") -> Evaluation:
    stated = document({"vendor": "Harbour", "total": "1", "tax": "2", "customer": "C"}, language="<i>")
    read = result({"vendor": vendor, "total": field(Decimal(5), 0.95, (900, 10, 990, 30)), "customer": "C"})
    return Evaluation(name, (EvaluatedDocument(stated, tuple(judge(stated, read)), 1.25),))


class Attributes(HTMLParser):
    """Collects every attribute that could fetch something, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "xlink:href", "data"}]


def parsed(page: str) -> Attributes:
    parser = Attributes()
    parser.feed(page)
    return parser


def test_the_page_fetches_nothing_runs_nothing_and_escapes_everything():
    page = report([evaluation("<script>alert(1)</script>")], pictures=lambda path: [PICTURE])

    found = parsed(page)
    assert "script" not in found.tags
    assert "b" not in found.tags
    assert all(link.startswith(("#", "data:image/jpeg;base64,")) for link in found.links)
    assert "default-src &#x27;none&#x27;" in page
    assert "&lt;b&gt;Evil&lt;/b&gt;" in page


def test_every_miss_shows_its_place_and_a_missed_field_the_whole_page():
    page = report([evaluation()], pictures=lambda path: [PICTURE])

    assert page.count("<use ") == 3
    # The page itself is embedded once.
    assert page.count("data:image/jpeg") == 1
    assert 'aria-label="the page, nothing marked"' in page
    # 900 to 990 per mille of 600 pixels.
    assert 'x="540.0" y="8.0" width="54.0"' in page


def test_a_page_without_a_picture_is_told():
    page = report([evaluation()], pictures=lambda path: [])

    assert page.count("no picture of this page") == 3


def test_a_provider_without_misses_has_none_to_show():
    page = report([Evaluation("acme", ())], pictures=lambda path: [])

    assert "<p>None.</p>" in page
    assert "no value has a confidence" in page


def test_two_providers_stand_side_by_side():
    page = report([evaluation("first"), evaluation("second", "Harbour")], pictures=lambda path: [PICTURE])

    overview = page[page.index("<table>") : page.index("</table>")]
    assert re.findall(r"<td>(first|second)</td>", overview) == ["first", "second"]
    assert "25.0 %" in overview
    assert "50.0 %" in overview


def test_pictures_come_from_the_document_where_it_can_be_shown(tmp_path, monkeypatch):
    unreadable = tmp_path / "note.txt"
    unreadable.write_text("no document")

    assert len(pictures_of(FOLDER / "invoice.pdf")) == 1
    assert pictures_of(unreadable) == []

    def missing(*_: object, **__: object) -> None:
        raise MissingExtra("pip install")

    monkeypatch.setattr(module, "page_pictures", missing)
    with pytest.raises(MissingExtra):
        pictures_of(Path(unreadable))


def test_plots_show_counts_and_calibration():
    found = bins(
        [
            Judgement("total", verdict, "", "", 0.95)
            for verdict in (Verdict.RIGHT, Verdict.RIGHT, Verdict.WRONG)
        ]
    )

    assert "confidence 0.9 to 1.0: 2 right, 1 wrong" in distribution_plot(found)
    assert "calibration error 0.283" in calibration_plot(found)
    assert "67% of 3 right" in calibration_plot(found)
