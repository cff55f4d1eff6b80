"""Pictures to words: the text layer that travels with our own renderings, or recognition (extra ``local``)."""

from __future__ import annotations

import io
import json
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paperhook.rasterise import WORDS_KEY
from paperhook.reading.extraction import ReadingFailed
from paperhook.textlayer import Page, Word

try:
    from PIL import Image, ImageOps, UnidentifiedImageError
except ImportError as error:  # pragma: no cover - the extra is installed wherever tests run
    raise ImportError('reading pictures needs Pillow: pip install "paperhook[local-pdf]"') from error

#: Recognition sees at most this many pixels on the longer side: more costs time and finds no more.
MAX_SIDE = 2000
#: Mean certainty per line: upright pages score 0.97 and more, turned ones 0.75 and less (measured).
UPRIGHT = 0.85
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_NEEDS_EXTRA = 'scans and photos are read with the extra "local": pip install "paperhook[local]"'


def read_image(content: bytes, pages_limit: int, pixels_limit: int, deadline: float) -> list[Page]:
    """Read every picture of an image file as a page.

    Args:
        pixels_limit: Checked against the header, before anything is decoded.
        deadline: On the monotonic clock.

    Raises:
        ReadingFailed: With code ``corrupt``, ``too_large``, ``too_many_pages``, ``no_text`` or ``timeout``.
    """
    with warnings.catch_warnings():
        # Pillow's size limits are ours, checked below; its complaints about metadata matter to nobody here.
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None
        try:
            picture = Image.open(io.BytesIO(content), formats=_FORMATS)
            count = getattr(picture, "n_frames", 1)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
            raise ReadingFailed(
                "corrupt", "the picture cannot be opened; export or download it again"
            ) from None
        if count > pages_limit:
            raise ReadingFailed(
                "too_many_pages", f"the file has {count} pictures; at most {pages_limit} are read"
            )
        pages: list[Page] = []
        for index in range(count):
            frame = _frame(picture, index, pixels_limit)
            layer = _carried_words(frame, index + 1)
            pages.append(layer or recognise(frame, index + 1, deadline))
        return pages


def recognise_pdf_pages(
    document: Any, pages: Sequence[Page], pictured: Sequence[int], pixels_limit: int, deadline: float
) -> list[Page]:
    """Recognise the pages of a PDF that show pictures instead of text."""
    read = list(pages)
    for index in pictured:
        page = document[index]
        scale = min(200 / 72, MAX_SIDE / max(page.get_size()))
        if page.get_width() * page.get_height() * scale**2 > pixels_limit:
            raise ReadingFailed(
                "too_large", f"page {index + 1} has more pixels than the limit of {pixels_limit}"
            )
        picture = page.render(scale=scale).to_pil()
        page.close()
        read[index] = recognise(picture, index + 1, deadline)
    return read


def _frame(picture: Any, index: int, pixels_limit: int) -> Any:
    width, height = picture.size
    if width * height > pixels_limit:
        raise ReadingFailed(
            "too_large", f"the picture has {width} x {height} pixels; at most {pixels_limit} are read"
        )
    try:
        picture.seek(index)
        width, height = picture.size
        if width * height > pixels_limit:
            raise ReadingFailed(
                "too_large", f"picture {index + 1} has more pixels than the limit of {pixels_limit}"
            )
        picture.load()
    except (OSError, ValueError, SyntaxError, EOFError):
        # Pillow's own message may hold the path or the content.
        raise ReadingFailed(
            "corrupt", "the picture is damaged or incomplete; export or download it again"
        ) from None
    return picture


# The text layer that `paperhook.rasterise` writes.


def _carried_words(picture: Any, number: int) -> Page | None:
    """The words a rendering carries; None when there are none or they belong to another picture."""
    text = getattr(picture, "text", {}).get(WORDS_KEY)
    if text is None:
        return None
    try:
        shape = json.loads(text)
        width, height = (float(side) for side in shape["size"])
        turns = int(shape["turns"])
        words = tuple(Word(str(word[0]), *(float(edge) for edge in word[1:5])) for word in shape["words"])
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    shown_width, shown_height = (height, width) if turns % 2 else (width, height)
    if turns not in range(4) or min(width, height) <= 0:
        return None
    # A picture that was cut or turned since then no longer matches its words.
    if abs(shown_width / shown_height - picture.width / picture.height) > 0.02 * shown_width / shown_height:
        return None
    return Page(number, width, height, words, turns)


# Recognition.


@dataclass(frozen=True, slots=True)
class _Read:
    words: tuple[Word, ...]
    #: Mean certainty per line, 0..1.
    certainty: float


def recognise(picture: Any, number: int, deadline: float) -> Page:
    """Recognise the words of a picture, turning it until its lines read well.

    Raises:
        ReadingFailed: With code ``no_text`` if nothing here recognises pictures, ``timeout`` past the deadline.
    """
    engine = _engine()
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    if max(upright.size) > MAX_SIDE:
        upright.thumbnail((MAX_SIDE, MAX_SIDE))
    best = (-1.0, 0, _Read((), 0.0))
    for turns in (0, 2, 1, 3):
        if time.monotonic() > deadline:
            raise ReadingFailed("timeout", f"page {number} was not recognised within the time limit")
        read = _recognised(engine, upright.rotate(-90 * turns, expand=True) if turns else upright)
        if read.certainty > best[0]:
            best = (read.certainty, turns, read)
        if read.certainty >= UPRIGHT or (turns == 0 and not read.words):
            break
    certainty, turns, read = best
    width, height = upright.size
    if turns % 2:
        width, height = height, width
    return Page(number, width, height, read.words, turns, round(certainty, 3) if read.words else 1.0)


_ENGINES: list[Any] = []


def _engine() -> Any:
    """The recogniser, loaded once: this runs only in the reading process, which is one per reader."""
    if not _ENGINES:
        try:
            from rapidocr import RapidOCR
        except ImportError:
            raise ReadingFailed("no_text", _NEEDS_EXTRA) from None
        _ENGINES.append(
            RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "EngineConfig.onnxruntime.intra_op_num_threads": 2,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                    "Rec.rec_batch_num": 2,
                }
            )
        )
    return _ENGINES[0]


def _recognised(engine: Any, picture: Any) -> _Read:
    import numpy

    result = engine(numpy.asarray(picture), use_cls=False, return_word_box=False)
    if result.txts is None or not len(result.txts):
        return _Read((), 0.0)
    words = [
        word
        for text, corners in zip(result.txts, result.boxes, strict=True)
        for word in _line_words(text, corners)
    ]
    return _Read(tuple(words), sum(result.scores) / len(result.scores))


def _line_words(text: str, corners: Any) -> Iterator[Word]:
    """Part a recognised line into words, sharing its width by characters."""
    xs = [float(corner[0]) for corner in corners]
    ys = [float(corner[1]) for corner in corners]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    step = (x1 - x0) / max(1, len(text))
    position = 0
    for part in text.split():
        start = text.index(part, position)
        position = start + len(part)
        yield Word(part, x0 + start * step, y0, x0 + position * step, y1)
