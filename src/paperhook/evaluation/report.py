"""An evaluation as a page of HTML that stands alone: figures, plots of confidence, every miss with its place on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from ..errors import MissingExtra, UnsupportedDocument
from ..picture.html import class_of, data_url, html_page
from ..picture.pages import PagePicture, page_pictures
from .figures import GROUPS, EvaluatedDocument, Evaluation, Tally, bins, by_field, by_group, tally, thresholds
from .judging import Judgement
from .plot import calibration_plot, distribution_plot

#: Gives the pictures of a document's pages; empty where there are none.
Pictures = Callable[[Path], Sequence[PagePicture]]

#: Per mille of the page around a box in its cut-out.
_MARGIN_X, _MARGIN_Y = 90, 25
#: Pages of one document that a report shows; misses beyond them have no cut-out.
_PAGES = 10

_STYLE = """
.plots { display: flex; flex-wrap: wrap; gap: 2rem } .plots svg { background: #fff; box-shadow: 0 1px 2px #0002 }
.misses td { max-width: 24rem } .misses svg { background: #fff; border: 1px solid #d0d7de; display: block }
.bad { color: #c1121f }
"""


def pictures_of(path: Path) -> Sequence[PagePicture]:
    """Make the pictures of a document's pages; none of one that cannot be shown.

    Raises:
        MissingExtra: If pypdfium2 or Pillow is not installed.
    """
    try:
        return page_pictures(path.read_bytes(), max_pages=_PAGES, max_side=1200)
    except MissingExtra:
        raise
    except UnsupportedDocument:
        return []


def report(evaluations: Sequence[Evaluation], *, pictures: Pictures = pictures_of) -> str:
    """Write evaluations of one or more providers as one page.

    The page holds parts of the documents: it is as confidential as they are.

    Args:
        pictures: Where the pictures of pages come from.
    """
    shown = _PagesOnce(pictures)
    sections = "".join(_section(each, number, shown) for number, each in enumerate(evaluations))
    overview = _tallies("provider", {each.provider: tally(each.judgements) for each in evaluations})
    body = f"<h1>Evaluation</h1><p>What each figure means: paperhook's reference, Evaluation.</p>{overview}{shown.definitions()}{sections}"
    return html_page("Evaluation", body, style=_STYLE)


class _PagesOnce:
    """Embeds each page once, however many cut-outs show a part of it."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._documents: dict[Path, Sequence[PagePicture]] = {}
        self._used: dict[str, PagePicture] = {}

    def page(self, path: Path, number: int) -> tuple[str, PagePicture] | None:
        """The id and the picture of a page; None where there is no picture."""
        if path not in self._documents:
            self._documents[path] = self._pictures(path)
        pages = self._documents[path]
        if number > len(pages):
            return None
        name = f"page-{list(self._documents).index(path)}-{number}"
        self._used[name] = pages[number - 1]
        return name, pages[number - 1]

    def definitions(self) -> str:
        """The pictures that cut-outs refer to."""
        images = "".join(
            f'<image id="{name}" width="{page.width}" height="{page.height}" href="{data_url(page)}"/>'
            for name, page in self._used.items()
        )
        return f'<svg width="0" height="0" aria-hidden="true"><defs>{images}</defs></svg>'


def _section(evaluation: Evaluation, number: int, pages: _PagesOnce) -> str:
    found = bins(evaluation.judgements)
    groups = "".join(f"<h3>By {group}</h3>{_tallies(group, by_group(evaluation, group))}" for group in GROUPS)
    return (
        f'<h2 id="provider-{number}">{escape(evaluation.provider)}</h2>'
        f"<h3>By document</h3>{_documents(evaluation)}"
        f"<h3>By field</h3>{_tallies('field', by_field(evaluation), has_rows=False)}{groups}"
        f'<h3>Confidence</h3><div class="plots">{distribution_plot(found)}{calibration_plot(found)}</div>'
        f"<h3>Thresholds</h3>{_thresholds(evaluation)}"
        f"<h3>Misses</h3>{_misses(evaluation, pages)}"
    )


# Tables.


def percent(share: float | None) -> str:
    """Write a share for people; "-" where there is none."""
    return "-" if share is None else f"{100 * share:.1f} %"


def _tallies(head: str, tallies: Mapping[str, Tally], *, has_rows: bool = True) -> str:
    heads = [head, "stated", "completeness", "right", "accuracy", "invented"]
    heads += ["rows right", "of", "rows invented"] * has_rows
    rows: list[list[str]] = []
    for name, one in tallies.items():
        row = [name, str(one.stated), percent(one.completeness), str(one.right), percent(one.accuracy)]
        row += [str(one.invented)]
        rows.append(row + [str(one.rows_right), str(one.rows_stated), str(one.rows_invented)] * has_rows)
    return _table(heads, rows)


def _documents(evaluation: Evaluation) -> str:
    rows: list[list[str]] = []
    for each in evaluation.documents:
        one = tally(each.judgements)
        fields, lines = f"{one.right}/{one.stated}", f"{one.rows_right}/{one.rows_stated}"
        rows.append([each.document.name, fields, lines, f"{each.seconds:.1f}", each.failure or ""])
    return _table(["document", "fields right", "rows right", "seconds", "failure"], rows)


def _thresholds(evaluation: Evaluation) -> str:
    rows = [
        [
            f"confident({each.least:g})",
            str(each.held_back),
            str(each.passed),
            str(each.wrong),
            percent(each.accuracy),
        ]
        for each in thresholds(evaluation.judgements)
    ]
    if not rows:
        return "<p>No value has a confidence.</p>"
    return _table(["rule", "held back", "passed", "wrong among them", "accuracy"], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th{_number(index, heads)}>{escape(text)}</th>" for index, text in enumerate(heads))
    lines = "".join(
        "<tr>"
        + "".join(f"<td{_number(index, heads)}>{escape(cell)}</td>" for index, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{lines}</table>"


def _number(index: int, heads: Sequence[str]) -> str:
    return ' class="number"' if index and heads[index] != "failure" else ""


# Misses.


def _misses(evaluation: Evaluation, pages: _PagesOnce) -> str:
    rows = "".join(
        _miss(document, each, pages)
        for document in evaluation.documents
        for each in document.judgements
        if each.is_miss
    )
    if not rows:
        return "<p>None.</p>"
    heads = "".join(
        f"<th>{head}</th>"
        for head in ("document", "field", "verdict", "stated", "read", "confidence", "on the page")
    )
    return f'<table class="misses"><tr>{heads}</tr>{rows}</table>'


def _miss(document: EvaluatedDocument, judgement: Judgement, pages: _PagesOnce) -> str:
    confidence = "" if judgement.confidence is None else f"{judgement.confidence:.2f}"
    cells = [document.document.name, judgement.name, judgement.verdict.value]
    cells += [judgement.stated, judgement.found, confidence]
    texts = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr>{texts}<td>{_cut_out(document, judgement, pages)}</td></tr>"


def _cut_out(document: EvaluatedDocument, judgement: Judgement, pages: _PagesOnce) -> str:
    """The part of the page around the box; the whole page, small, where nothing was read."""
    place = pages.page(document.document.file, max(1, judgement.page_number or 1))
    if place is None:
        return "no picture of this page"
    name, page = place
    if judgement.box is None:
        return (
            f'<svg viewBox="0 0 {page.width} {page.height}" width="{round(300 * page.width / page.height)}" height="300"'
            f' role="img" aria-label="the page, nothing marked"><use href="#{name}"/></svg>'
        )
    x0, y0, x1, y1 = judgement.box
    left, right = max(0, x0 - _MARGIN_X), min(1000, x1 + _MARGIN_X)
    top, bottom = max(0, y0 - _MARGIN_Y), min(1000, y1 + _MARGIN_Y)
    view = (_at(left, page.width), _at(top, page.height)), (_at(right, page.width), _at(bottom, page.height))
    (vx0, vy0), (vx1, vy1) = view
    zoom = min(520 / (vx1 - vx0), 300 / (vy1 - vy0))
    frame = (_at(x0, page.width), _at(y0, page.height), _at(x1, page.width), _at(y1, page.height))
    return (
        f'<svg viewBox="{vx0:.1f} {vy0:.1f} {vx1 - vx0:.1f} {vy1 - vy0:.1f}" width="{zoom * (vx1 - vx0):.0f}"'
        f' height="{zoom * (vy1 - vy0):.0f}" role="img" aria-label="the place on the page" class="{class_of(judgement.confidence)}">'
        f'<use href="#{name}"/><rect class="box" x="{frame[0]:.1f}" y="{frame[1]:.1f}"'
        f' width="{frame[2] - frame[0]:.1f}" height="{frame[3] - frame[1]:.1f}"/></svg>'
    )


def _at(per_mille: int, pixels: int) -> float:
    return per_mille * pixels / 1000
