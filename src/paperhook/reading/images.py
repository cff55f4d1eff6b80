"""Pictures to words: the text layer that travels with our own renderings, or recognition (extra ``local``)."""

from __future__ import annotations

import gc
import io
import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from paperhook.rasterise import WORDS_KEY
from paperhook.reading.extraction import ReadingFailed
from paperhook.reading.levelling import is_sideways, levelled, strip_of
from paperhook.textlayer import Page, Word

try:
    from PIL import Image, ImageOps, UnidentifiedImageError
except ImportError as _error:  # pragma: no cover - the extra is installed wherever tests run
    raise ImportError('reading pictures needs Pillow: pip install "paperhook[local-pdf]"') from _error

#: Recognition sees at most this many pixels on the longer side: more costs time and finds no more.
MAX_SIDE = 1800
#: Lines are looked for in a picture of at most this many pixels, which halves the work; letters are read in the larger one.
LOOKED_AT = 1_200_000
#: The shorter side of a picture in which lines are looked for is at least this long, the recogniser's own limit.
LEAST_SIDE = 736
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
    frames = frames_of(content, pages_limit, pixels_limit)
    return [
        _carried_words(frame, number) or recognise(frame, number, deadline)
        for number, frame in enumerate(frames, 1)
    ]


def frames_of(content: bytes, pages_limit: int, pixels_limit: int) -> Iterator[Any]:
    """Decode the pictures of an image file, one after the other, as they are stored.

    Raises:
        ReadingFailed: With code ``corrupt``, ``too_large`` or ``too_many_pages``.
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
        for index in range(count):
            yield _frame(picture, index, pixels_limit)


def recognise_pdf_page(document: Any, index: int, pixels_limit: int, deadline: float) -> Page:
    """Recognise a page of a PDF that shows a picture instead of text.

    Raises:
        ReadingFailed: With code ``too_large``, ``no_text`` or ``timeout``.
    """
    page = document[index]
    scale = min(200 / 72, MAX_SIDE / max(page.get_size()))
    if page.get_width() * page.get_height() * scale**2 > pixels_limit:
        raise ReadingFailed("too_large", f"page {index + 1} has more pixels than the limit of {pixels_limit}")
    picture = page.render(scale=scale).to_pil()
    page.close()
    return recognise(picture, index + 1, deadline)


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


def as_displayed(picture: Any) -> Any:
    """Turn a picture as its EXIF orientation says, in RGB, what is transparent white as on paper."""
    turned = ImageOps.exif_transpose(picture)
    if turned.mode.startswith("I;16"):
        # Pillow would cut 16 bits off at 255 and leave a white page.
        turned = turned.convert("I").point(lambda value: value / 256).convert("L")
    if turned.has_transparency_data:
        paper = Image.new("RGBA", turned.size, "white")
        paper.alpha_composite(turned.convert("RGBA"))
        turned = paper
    return turned.convert("RGB")


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
        words = tuple(_carried(word) for word in shape["words"])
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    shown_width, shown_height = (height, width) if turns % 2 else (width, height)
    if turns not in range(4) or min(width, height) <= 0:
        return None
    # A picture that was cut or turned since then no longer matches its words.
    if abs(shown_width / shown_height - picture.width / picture.height) > 0.02 * shown_width / shown_height:
        return None
    return Page(number, width, height, words, turns)


def _carried(word: Any) -> Word:
    text, x0, y0, x1, y1 = word[:5]
    return Word(str(text), float(x0), float(y0), float(x1), float(y1))


# Recognition.


@dataclass(frozen=True, slots=True)
class _Read:
    words: tuple[Word, ...]
    #: Mean certainty per line, 0..1.
    certainty: float
    #: Most lines run up or down: the recogniser turns such lines by itself, so they are certain all the same.
    is_sideways: bool = False

    @property
    def worth(self) -> float:
        """How upright the page seems, to compare ways to turn it."""
        return self.certainty - self.is_sideways


def recognise(picture: Any, number: int, deadline: float) -> Page:
    """Recognise the words of a picture, turning it until its lines read well.

    Raises:
        ReadingFailed: With code ``no_text`` if nothing here recognises pictures, ``timeout`` past the deadline.
    """
    upright = as_displayed(picture)
    if max(upright.size) > MAX_SIDE:
        upright.thumbnail((MAX_SIDE, MAX_SIDE))
    best, best_turns = _Read((), -1.0, is_sideways=True), 0
    waiting = [0, 2, 1, 3]
    while waiting:
        turns = waiting.pop(0)
        if time.monotonic() > deadline:
            raise ReadingFailed("timeout", f"page {number} was not recognised within the time limit")
        read = _recognised_afresh(upright.rotate(-90 * turns, expand=True) if turns else upright)
        if read.worth > best.worth:
            best, best_turns = read, turns
        if read.worth >= UPRIGHT or (turns == 0 and not read.words):
            break
        if turns == 0 and read.is_sideways:
            # The recogniser turns tall lines to the left: what it reads well that way is upright after a left turn.
            waiting = [3, 1] if read.certainty >= UPRIGHT else [1, 3]
    certainty, turns, read = best.certainty, best_turns, best
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
        engine = RapidOCR(  # pragma: no cover - `nox -s ocr` has the extra, and measures nothing
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 2,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "Rec.rec_batch_num": 2,
            }
        )
        _ENGINES.append(partial(_look_and_read, engine))  # pragma: no cover - as above
    return _ENGINES[0]


def _look_and_read(engine: Any, pixels: Any, **options: Any) -> Any:
    """Recognise a picture; its lines are looked for in a smaller one where it is large."""
    height, width = pixels.shape[:2]
    share = (LOOKED_AT / (width * height)) ** 0.5
    is_large = share < 1 and min(width, height) * share >= LEAST_SIDE
    side, limit = ("max", round(max(width, height) * share)) if is_large else ("min", LEAST_SIDE)
    # The detector is made with the first picture, from the settings; later ones only ask the detector.
    for settings in (engine.cfg.Det, engine.text_det):
        if settings is not None:
            settings.limit_type, settings.limit_side_len = side, limit
    return engine(pixels, **options)


def _recognised_afresh(picture: Any) -> _Read:
    """Recognise with the loaded recogniser, or with a new one where that fails.

    It keeps the memory of every size of picture it has seen, and fails with an error of its own when the limit
    leaves no room for another; a new one starts empty.
    """
    engine = _engine()
    try:
        return _recognised(engine, picture)
    except Exception:  # noqa: BLE001 - its libraries raise classes of their own; the second failure is told
        del engine
        _ENGINES.clear()
        gc.collect()
    return _recognised(_engine(), picture)


def _recognised(engine: Any, picture: Any) -> _Read:
    import numpy

    result = engine(numpy.asarray(picture), use_cls=False, return_word_box=True)
    if result.txts is None or not len(result.txts):
        return _Read((), 0.0)
    strips = [
        strip_of(text, corners, [(part[0], part[2]) for part in parts if part[2] is not None])
        for text, corners, parts in zip(result.txts, result.boxes, result.word_results, strict=True)
    ]
    certainty = sum(result.scores) / len(result.scores)
    return _Read(tuple(levelled(strips, picture.size)), certainty, is_sideways(strips))
