"""Until when to pay, where no label says it: a date that its term of days leads to, or one in a sentence about paying."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from paperhook.reading.context import Context
from paperhook.reading.dates import PrintedDate
from paperhook.reading.layout import Line, Phrase
from paperhook.reading.words import Word

#: Terms are rarely longer, in days.
LONGEST = timedelta(days=200)
#: Words that may stand between the word of paying and its date.
_WORDS_BETWEEN = 12
#: In heights: how far below a line its sentence may go on.
_NEXT_LINE = 1.2
_TERM = re.compile(r"(?<![\d.,/-])(\d{1,3})(?![\d%/]|[.,-]\d|\s?[%‰])")
_NAMED_TERM = re.compile(
    r"(?i)\b(?:net|netto|n)\s?/?\s?(\d{1,3})\b|(?<![\d.,/-])(\d{1,3})\s?[- ]?(?:days?|tagen?|jours?|días?|giorni|gg|dagen|dagar|dage|dager|dni|dias|日|天)\b"
)
#: The beginnings of words about paying, in the languages of the vocabulary.
_PAYING = re.compile(
    r"(?i)\b(?:pay|due\b|remit|zahl|überweis|begleich|fällig|abbuch|lastschrift|pai(?:ement|er\b)|payer|r[éè]gl|échéance|exigible"
    r"|pag(?:o\b|a[mrv]|á|uese)|venc|abon[ao]|scad|bonific|betal|voldo|verval|incass|płat|zapł|förfal|forfal|indbetal)|支払|振込|入金"
)
#: What says of the date before it that it is when to pay.
_DUE_THEN = re.compile(
    r"(?i)(?:zur zahlung )?(?:fällig|zahlbar|abgebucht|eingezogen|due\b|verschuldigd|exigible|förfaller)"
)
#: Where a sentence ends and another begins.
_SENTENCE = re.compile(r"(?<=[^\W\d_]{3})[.!?]\s+(?=[^\W\d_])")
#: What makes a date one of a discount, of a reminder or of the past.
_OTHERWISE = re.compile(
    r"(?i)%|skonto|discount|escompte|sconto|descuento|korting|desconto|rabat|\bpaid\b|bezahlt|pay[ée]\b|acquitt|pagad[oa]\b|pagato|betaald|betald\b|betalt\b"
    r"|received\b(?! by)|erhalten|verzug|mahn|interest|\blate\b|retard|mora\b|odsetk|ränta|renter"
)


def find_by_term(context: Context, invoiced: date, claimed: set[Word]) -> PrintedDate | None:
    """Find the date that a line's number of days leads to from the invoice's, or that follows a word of paying.

    Args:
        claimed: Words of dates that labels say to be others.
    """
    later = [
        (line, printed, before, after)
        for line, printed, before, after in _dates(context)
        if invoiced < printed.value <= invoiced + LONGEST and not claimed.intersection(printed.words)
    ]
    reached = [printed for line, printed, _, _ in later if _reaches(line, printed, invoiced)]
    told = [
        printed for _, printed, before, after in later if _is_about_paying(before) or _DUE_THEN.match(after)
    ]
    # Where a discount ends before the term does, the last date is when the whole is due.
    return max(reached or told, key=lambda printed: printed.value, default=None)


def terms_in(text: str) -> list[int]:
    """The numbers of days that a text names as a term: "Net 30", "payable within 14 days", "30 Tage netto"."""
    return [int(found[1] or found[2]) for found in _NAMED_TERM.finditer(text)]


def _dates(context: Context) -> Iterator[tuple[Line, PrintedDate, str, str]]:
    """Give each date outside the item tables, and the words of its sentence before and after it.

    Those before it may begin in the line above.
    """
    for index, line in enumerate(context.lines):
        if index in context.table_lines:
            continue
        for phrase in line.phrases:
            for printed in context.dates(phrase):
                before = " ".join(word.text for word in _before(line, printed))
                above = context.lines[index - 1] if index else None
                opens = phrase is line.phrases[0] and len(before.split()) <= 2
                if opens and above is not None and _goes_on(above, line, phrase):
                    before = f"{above.text} {before}"
                before = _SENTENCE.split(before)[-1]
                words = list(line.words)
                after = " ".join(word.text for word in words[words.index(printed.words[-1]) + 1 :][:3])
                yield line, printed, " ".join(before.split()[-_WORDS_BETWEEN:]), after


def _before(line: Line, printed: PrintedDate) -> list[Word]:
    words = list(line.words)
    return words[: words.index(printed.words[0])]


def _goes_on(above: Line, line: Line, phrase: Phrase) -> bool:
    """Whether the sentence of the line above goes on in a line."""
    near = line.page is above.page and line.y0 - above.y1 < _NEXT_LINE * line.height
    aligned = abs(above.phrases[0].x0 - phrase.x0) < line.height
    return near and aligned and len(above.words) >= 4 and not above.text.endswith((".", ":"))


def _reaches(line: Line, printed: PrintedDate, invoiced: date) -> bool:
    """Whether the line names the days between the two dates: "30 days net (1 June 2024)"."""
    rest = " ".join(word.text for word in line.words if word not in printed.words)
    days = (printed.value - invoiced).days
    return any(int(found[1]) == days for found in _TERM.finditer(rest)) and not _OTHERWISE.search(rest)


def _is_about_paying(before: str) -> bool:
    return bool(_PAYING.search(before)) and not _OTHERWISE.search(before)
