"""Japanese and Chinese text, which has no spaces: words are parted where the script changes, widths and eras made usual ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from paperhook.textlayer import Page, Word

#: Kana, Chinese characters, and the marks that stand among them.
EASTERN = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff]")
KANA = re.compile(r"[\u3040-\u30fb\u30fd-\u30ff]")
#: Full-width forms, half-width kana and letters in a square, which all have usual twins.
_WIDE = re.compile(r"[\uff01-\uffef\u3000\u3200-\u33ff]")
#: A character that stands alone, or ends a label that is printed wide: "名  称:".
_OPENS_ALONE = re.compile(rf"{EASTERN.pattern}(?:[:\uff1a]|$)")
_E = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff"
#: An amount with its unit, eastern characters up to a form of address, signs that part, a run of anything else.
_RUN = re.compile(
    rf"[-+]?¥?\d[\d,.]*[円元]|[{_E}]+?(?=御中|様(?![{_E}])|殿(?![{_E}]))|[{_E}]+|[:()]|¥[^{_E}:()]*|[^{_E}:()¥]+"
)
#: Characters that Chinese writes and Japanese does not: simplified ones, then traditional ones.
_CHINESE = frozenset(
    "们这发购销额价单电话时东车见长门问间应实对说开总计费务货贵账优谢顾钱场码证员贸运订收號應實對說總們這發錢證價單"
)
#: What recognition takes for their Chinese twins on a Japanese page.
_TWINS = str.maketrans(
    "费计额发领单电书请张时间样预门问题员证价买卖总", "費計額発領単電書請張時間様預門問題員証価買売総"
)
#: Words that stand on Japanese papers only, however few kana are beside them.
_OF_JAPAN = re.compile(
    r"円|御中|様|領収|税込|税抜|株式会社|東京都|北海道|(?:大阪|京都)府|県.{1,6}[市区町村郡]"
)
#: In heights: letters of "合  計" stand this far apart.
SPACED = 3.5
#: So many Chinese characters on a page are no name in a letter of another language.
_MANY = 20


def is_japanese(text: str) -> bool:
    """Whether a text has kana, which no other language writes."""
    return len(KANA.findall(text)) >= 3


def is_chinese(text: str) -> bool:
    """Whether a text has characters that only Chinese writes, or Chinese characters and nothing Japanese."""
    if is_japanese(text) or _OF_JAPAN.search(text):
        return False
    return sum(character in _CHINESE for character in text) >= 2 or len(EASTERN.findall(text)) >= _MANY


def settled(page: Page) -> Page:
    """Part the words of a page where scripts change; a page without eastern characters stays as it is."""
    if not any(EASTERN.search(word.text) or _WIDE.search(word.text) for word in page.words):
        return page
    japanese = is_japanese("".join(word.text for word in page.words))
    words = [_untwinned(word) for word in page.words] if japanese else page.words
    # Letters first: what is parted afterwards stands together all the same.
    parts = [part for word in _gathered(words) for part in _parted(word)]
    return replace(page, words=tuple(parts))


def _untwinned(word: Word) -> Word:
    """A word of a Japanese page without the Chinese twins that recognition reads for its characters."""
    text = word.text.translate(_TWINS)
    return word if text == word.text else replace(word, text=text)


def _parted(word: Word) -> Iterator[Word]:
    text = _usual(word.text)
    runs = [run.group() for run in _RUN.finditer(text)] if EASTERN.search(text) else [text]
    widths = [sum(_width(character) for character in run) for run in runs]
    total, done = sum(widths) or 1, 0
    for run, width in zip(runs, widths, strict=True):
        yield _slice(word, run, done / total, (done + width) / total)
        done += width


def _usual(text: str) -> str:
    usual = unicodedata.normalize("NFKC", text) if _WIDE.search(text) else text
    # Accountants write a triangle for what is taken off.
    return re.sub(r"[▲△](?=[¥\d])", "-", usual.replace("￥", "¥").replace(" ", ""))


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _slice(word: Word, text: str, start: float, end: float) -> Word:
    def part(x0: float, x1: float) -> tuple[float, float]:
        return x0 + (x1 - x0) * start, x0 + (x1 - x0) * end

    x0, x1 = part(word.x0, word.x1)
    shown = word.shown
    if shown is not None:
        left, right = part(shown[0], shown[2])
        shown = (left, shown[1], right, shown[3])
    return Word(text, x0, word.y0, x1, word.y1, shown)


def _gathered(words: Sequence[Word]) -> Iterator[Word]:
    """Put words of one character each that stand apart on a line together: "合  計" is a word."""
    run: list[Word] = []
    for word in words:
        if run and not _goes_on(run[-1], word):
            yield reduce(_together, run)
            run = []
        run.append(word)
    if run:
        yield reduce(_together, run)


def _goes_on(before: Word, after: Word) -> bool:
    single = EASTERN.fullmatch(before.text) and _OPENS_ALONE.match(after.text)
    level = abs(before.middle - after.middle) < 0.4 * before.height
    return bool(single and level and 0 < after.x0 - before.x1 < SPACED * before.height)


def _together(before: Word, after: Word) -> Word:
    a, b = before.edges, after.edges
    shown = (a[0], min(a[1], b[1]), b[2], max(a[3], b[3]))
    y0, y1 = min(before.y0, after.y0), max(before.y1, after.y1)
    return Word(before.text + after.text, before.x0, y0, after.x1, y1, shown)


def touches(before: Word, after: Word) -> bool:
    """Whether two words are parts of one that had no space."""
    near = abs(after.x0 - before.x1) < 0.05 * max(before.height, after.height)
    eastern = EASTERN.match(after.text[0]) or EASTERN.match(before.text[-1])
    return near and bool(eastern or before.text == "(" or after.text == ")")
