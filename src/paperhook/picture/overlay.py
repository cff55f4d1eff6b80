"""A document as its pages, each field's box drawn over it.

Colour says the confidence; hovering the value and what speaks for and against it, the rules that hold it back first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from ..core.result import ROWS, Box, Field, Result
from ..core.review import Reason
from .html import class_of, data_url, html_page
from .pages import PagePicture

#: Pages are drawn this many units wide, whatever the picture has.
WIDTH = 1000
#: Height to width of a page without a picture: A4.
_A4 = 2**0.5
_TAG = 16

_STYLE = """
.document { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start }
.pages { flex: 2 1 42rem } .pages svg { width: 100%; height: auto; background: #fff; box-shadow: 0 1px 4px #0004; margin-bottom: 1rem }
.values td.chip { white-space: normal } .values table { width: 100% }
.values { flex: 1 1 26rem; position: sticky; top: 1rem; max-height: 96vh; overflow: auto }
.legend { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem } .legend .held { border-left: 0; padding-left: 0 }
.held-back { background: #fff; border-left: .6rem solid #8250df; box-shadow: 0 1px 2px #0002; padding: .1rem 1rem; margin-bottom: 1.2rem; max-width: 60rem }
.held-back h2 { font-size: 1rem; margin: .6rem 0 0 } .held-back ul { margin: .4rem 0 .6rem; padding-left: 1.2rem }
.held-back li { margin: .25rem 0 } .flag { color: #8250df; font-weight: 700 } tr.held td { background: #f6f0ff }
svg .held rect.box { stroke: #8250df; stroke-width: 4; stroke-dasharray: none }
svg .held rect.tag { fill: #8250df }
tr:target { outline: 2px solid #0969da }
svg .tag, svg .name { opacity: 0 } svg .field:hover .tag, svg .field:hover .name { opacity: 1 }
svg .field:target .tag, svg .field:target .name { opacity: 1 }
"""
#: Pointing at a row of the list marks its box.
_LINKED = """
body:has(#row-{0}:hover) #{0} .box {{ fill-opacity: .35; stroke-width: 4 }}
body:has(#row-{0}:hover) #{0} :is(.tag, .name) {{ opacity: 1 }}
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One field, ready to be drawn and listed."""

    #: `total`, or `line_items[0].amount`.
    path: str
    field: Field
    reasons: tuple[str, ...]
    #: Its id in the page; names of providers may hold anything.
    anchor: str
    #: The rules that hold it back, each with what is wrong.
    held_back: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """What hovering over its box shows."""
        held = (f"held back by {each}" for each in self.held_back)
        return "\n".join((f"{self.path}: {_plain(self.field.value)}", *held, *self.reasons))


def overlay_page(
    title: str, result: Result, pages: Sequence[PagePicture], *, reasons: Sequence[Reason] = ()
) -> str:
    """Draw a result over the pages of its document.

    Args:
        title: Such as the file's name.
        pages: May be empty or fewer than the document has: boxes of other pages are drawn on empty paper.
        reasons: Why rules hold the document back, such as `held.review.reasons`.

    Returns:
        An HTML page without script and without any reference to the outside.
    """
    fields = list(shown(result, reasons))
    placed: dict[int, list[Shown]] = {}
    for field in fields:
        if field.field.box is not None:
            placed.setdefault(_page_number(field), []).append(field)
    drawn = [
        _page(number, pages[number - 1] if number <= len(pages) else None, placed.get(number, ()))
        for number in sorted({*range(1, len(pages) + 1), *placed} or {1})
    ]
    linked = "".join(_LINKED.format(field.anchor) for field in fields)
    return html_page(title, _body(title, result, fields, drawn, reasons), style=_STYLE + linked)


def shown(result: Result, reasons: Sequence[Reason] = ()) -> Iterator[Shown]:
    """List the fields of a result, then those of its rows, each with what speaks for and against it.

    A field that a rule misses comes last, without a value.
    """
    found = dict(result.walk())
    known = {*found, *ROWS}
    missed = {each.field: Field() for each in reasons if each.field is not None and each.field not in known}
    # A long document has thousands of fields, and a reason or a warning for each.
    held = _by_path((each.field or "", str(each)) for each in reasons)
    warned = _by_path(_warning(each) for each in result.warnings)
    for index, (path, field) in enumerate((found | missed).items()):
        told = () if path in missed else tuple(_reasons(field, warned.get(path, ())))
        yield Shown(path, field, told, f"f{index}", tuple(dict.fromkeys(held.get(path, ()))))


def _by_path(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, text in pairs:
        found.setdefault(path, []).append(text)
    return found


def _warning(warning: str) -> tuple[str, str]:
    """Take a warning apart: the path that it is about, and why."""
    path, _, reason = warning.partition(": ")
    return path.removeprefix("fields."), reason


def _reasons(field: Field, warnings: Sequence[str]) -> Iterator[str]:
    if field.text is not None and field.text != _plain(field.value):
        yield f"printed as {field.text!r}"
    if field.confidence is None:
        yield "the provider does not say how sure it is"
    else:
        yield f"confidence {field.confidence:.2f}"
    if field.match_ratio is not None:
        yield f"{field.match_ratio:.0%} of it is among the page's words"
    if field.box is None:
        yield "the provider does not say where it stands"
    for reason in warnings:
        yield f"warning: {reason}"


def _plain(value: object) -> str:
    return "" if value is None else str(value)


# HTML.


def _body(
    title: str, result: Result, fields: Sequence[Shown], pages: Sequence[str], reasons: Sequence[Reason]
) -> str:
    kind = f"<p>{escape(result.document_type)}</p>" if result.document_type else ""
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in result.warnings)
    rows = "".join(_row(field) for field in fields)
    legend = "".join(
        f'<span class="chip {name}">{text}</span>'
        for name, text in (
            ("sure", "confidence from 0.9"),
            ("fair", "from 0.7"),
            ("doubtful", "below"),
            ("unsaid", "not said"),
        )
    )
    if reasons:
        legend += f'<span class="chip held">{_FLAG} held back by a rule</span>'
    return (
        f'<h1>{escape(title)}</h1>{kind}<p class="legend">{legend}</p>{_held_back(reasons, fields)}'
        f'<div class="document"><div class="pages">{"".join(pages)}</div><div class="values">'
        f'<table><tr><th>field</th><th>value</th><th class="number">confidence</th></tr>{rows}</table>'
        + (f"<h2>Warnings</h2><ul>{warnings}</ul>" if warnings else "")
        + "</div></div>"
    )


_FLAG = '<span class="flag" aria-hidden="true">\u2691</span>'


def _held_back(reasons: Sequence[Reason], fields: Sequence[Shown]) -> str:
    """List why the document waits for a person, each leading to its field."""
    if not reasons:
        return ""
    anchors = {field.path: field.anchor for field in fields}
    items = "".join(
        f'<li><a href="#row-{anchors[each.field]}">{escape(str(each))}</a></li>'
        if each.field in anchors
        else f"<li>{escape(str(each))}</li>"
        for each in reasons
    )
    return f'<div class="held-back"><h2>Held back</h2><ul>{items}</ul></div>'


def _row(shown: Shown) -> str:
    confidence = "" if shown.field.confidence is None else f"{shown.field.confidence:.2f}"
    name = escape(shown.path)
    if shown.field.box is not None:
        name = f'<a href="#{shown.anchor}">{name}</a>'
    if shown.held_back:
        name = f"{_FLAG} {name}"
    is_missing = shown.held_back and shown.field.value is None
    value = "<i>nothing was read</i>" if is_missing else escape(_plain(shown.field.value))
    held = ' class="held"' if shown.held_back else ""
    return (
        f'<tr id="row-{shown.anchor}"{held} title="{escape(shown.hint)}"><td class="chip {class_of(shown.field.confidence)}">{name}</td>'
        f"<td>{value}</td>"
        f'<td class="number">{confidence}</td></tr>'
    )


def _page_number(shown: Shown) -> int:
    """Where a field is drawn: on the first page where its page is not said, or is none."""
    return max(1, shown.field.page_number or 1)


def _page(number: int, picture: PagePicture | None, fields: Sequence[Shown]) -> str:
    height = round(WIDTH * (picture.height / picture.width if picture else _A4))
    image = f'<image href="{data_url(picture)}" width="{WIDTH}" height="{height}"/>' if picture else ""
    # Small boxes come last, so that a large one does not take their hovering.
    boxes = "".join(
        _box(field, height) for field in sorted(fields, key=lambda field: -_area(field.field.box))
    )
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="page {number}">{image}{boxes}</svg>'


def _area(box: Box | None) -> int:
    x0, y0, x1, y1 = box or (0, 0, 0, 0)
    return (x1 - x0) * (y1 - y0)


def _box(shown: Shown, height: int) -> str:
    x0, y0, x1, y1 = shown.field.box or (0, 0, 0, 0)
    top, bottom = y0 * height / 1000 - 2, y1 * height / 1000 + 2
    frame = (
        f'<rect class="box" x="{x0 - 2}" y="{top:.1f}" width="{x1 - x0 + 4}" height="{bottom - top:.1f}"/>'
    )
    held = " held" if shown.held_back else ""
    return (
        f'<a href="#row-{shown.anchor}"><g class="field {class_of(shown.field.confidence)}{held}" id="{shown.anchor}">'
        f"<title>{escape(shown.hint)}</title>{frame}{_tag(shown, x0, top)}</g></a>"
    )


def _tag(shown: Shown, x: float, top: float) -> str:
    """The field's name above its box, while somebody points at it: always there it would hide its neighbours."""
    y = max(0.0, top - _TAG)
    width = 8 + 7 * len(shown.path)
    return (
        f'<rect class="tag" x="{x - 2}" y="{y:.1f}" width="{width}" height="{_TAG}"/>'
        f'<text class="name" x="{x + 2}" y="{y + 12:.1f}">{escape(shown.path)}</text>'
    )
