"""A page of HTML that stands alone: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from .pages import PagePicture

#: Nothing is fetched from anywhere: pictures and styles are inside the file.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; color: #1d2733; background: #f4f5f7 }
body { margin: 0 auto; max-width: 1500px; padding: 1.2rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 2rem } h3 { font-size: 1rem; margin: 1.4rem 0 .5rem } p { max-width: 60rem }
table { border-collapse: collapse; background: #fff; box-shadow: 0 1px 2px #0002 }
th, td { padding: .3rem .7rem; text-align: left; border-bottom: 1px solid #e4e7eb; vertical-align: top; overflow-wrap: anywhere }
th { background: #eceff3; font-weight: 600; white-space: nowrap } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.sure { --mark: #1a7f37 } .fair { --mark: #b35900 } .doubtful { --mark: #c1121f } .unsaid { --mark: #57606a }
.chip { border-left: .6rem solid var(--mark); padding-left: .5rem; white-space: nowrap }
svg rect.box { fill: var(--mark); fill-opacity: .13; stroke: var(--mark); stroke-width: 2 }
svg .doubtful rect.box { stroke-dasharray: 7 3 } svg .unsaid rect.box { stroke-dasharray: 2 3 }
svg .field:hover rect.box, svg .field:target rect.box { fill-opacity: .35; stroke-width: 4 }
svg text.name { fill: #fff; font: 600 12px system-ui, sans-serif } svg rect.tag { fill: var(--mark) }
a { color: inherit }
"""


def html_page(title: str, body: str, *, style: str = "") -> str:
    """Put a body, which is HTML already, into a page of its own."""
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def data_url(picture: PagePicture) -> str:
    """Write a picture into an attribute."""
    return f"data:image/jpeg;base64,{b64encode(picture.jpeg).decode()}"


def class_of(confidence: float | None) -> str:
    """Name the colour of a confidence: `sure` from 0.9, `fair` from 0.7, `doubtful` below, `unsaid` without one from 0 to 1."""
    if confidence is None or not 0 <= confidence <= 1:
        return "unsaid"
    return "sure" if confidence >= 0.9 else "fair" if confidence >= 0.7 else "doubtful"
