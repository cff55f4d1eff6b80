"""Request bodies, read within bounds: raw, JSON, and multipart forms."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import cast

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse

from paperhook.simulator.documents import Upload

FORM_OVERHEAD_BYTES = 256 * 1024
"""What the parts' headers and text fields of a form may take beside its files."""


class BodyTooLarge(Exception):
    """The body, or one file in it, is larger than the provider takes."""


class BodyMalformed(Exception):
    """The body is not what its Content-Type says, or has the wrong shape."""


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form: text fields by name, and files in order under their part's name."""

    fields: Mapping[str, str]
    files: tuple[tuple[str, Upload], ...]

    def uploads(self, *names: str) -> list[Upload]:
        """Give the files of the parts with these names, in order."""
        return [upload for name, upload in self.files if name in names]


def media_type(request: Request) -> str:
    """Give the Content-Type without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def raw_body(request: Request, *, max_bytes: int) -> bytes:
    """Read the whole body.

    Raises:
        BodyTooLarge: As soon as more than `max_bytes` arrive or are announced.
    """
    return b"".join([chunk async for chunk in _capped(request, max_bytes)])


async def json_body(request: Request, *, max_bytes: int) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        BodyTooLarge: As `raw_body`.
        BodyMalformed: If the body is no JSON object.
    """
    value = parse_json(await raw_body(request, max_bytes=max_bytes))
    if not isinstance(value, dict):
        raise BodyMalformed("the body must be a JSON object")
    return cast("dict[str, object]", value)


def parse_json(text: str | bytes) -> object:
    """Parse JSON.

    Raises:
        BodyMalformed: If it is none.
    """
    try:
        return cast("object", json.loads(text, parse_constant=_refuse_number, parse_float=_finite))
    except (ValueError, RecursionError) as error:
        raise BodyMalformed("not valid JSON") from error


def json_bytes(value: object) -> bytes:
    """Write JSON as UTF-8; with escapes where a document or a client left half a surrogate pair."""
    try:
        return _AS_IT_IS(value).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


#: `json.dumps` would make an encoder for each of a thousand deliveries.
_AS_IT_IS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Answer(JSONResponse):
    """A JSON answer that any text can be in."""

    def render(self, content: object) -> bytes:
        """Write the body."""
        return json_bytes(content)


async def form_body(
    request: Request, *, max_files: int, max_file_bytes: int, allowed_files: int | None = None
) -> Form:
    """Read a multipart form; files larger than 1 MiB wait on disk until the whole form is there.

    Args:
        allowed_files: How many files bound the body's size, when that is less than `max_files`.

    Raises:
        BodyTooLarge: If the body or a file is larger than allowed.
        BodyMalformed: If the body is no multipart form or has too many parts.
    """
    if media_type(request) != "multipart/form-data":
        raise BodyMalformed("the body must be multipart/form-data")
    max_bytes = (allowed_files or max_files) * max_file_bytes + FORM_OVERHEAD_BYTES
    parser = MultiPartParser(
        request.headers,
        _capped(request, max_bytes),
        max_files=max_files,
        max_fields=100,
        max_part_size=FORM_OVERHEAD_BYTES,
    )
    try:
        form = await parser.parse()
    except BodyTooLarge:
        raise BodyTooLarge(f"the files are larger than {max_file_bytes} bytes each") from None
    except MultiPartException as error:
        raise BodyMalformed(error.message) from error
    try:
        return await _unpacked(form.multi_items(), max_file_bytes)
    finally:
        await form.close()


async def _unpacked(parts: list[tuple[str, UploadFile | str]], max_file_bytes: int) -> Form:
    fields: dict[str, str] = {}
    files: list[tuple[str, Upload]] = []
    for name, part in parts:
        if isinstance(part, str):
            fields[name] = part
            continue
        if (part.size or 0) > max_file_bytes:
            raise BodyTooLarge(f"a file is larger than {max_file_bytes} bytes")
        files.append((name, Upload(part.filename or "", await part.read())))
    return Form(fields, tuple(files))


async def _capped(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:19]) > max_bytes:
        raise BodyTooLarge(f"the body is larger than {max_bytes} bytes")
    arrived = 0
    async for chunk in request.stream():
        arrived += len(chunk)
        if arrived > max_bytes:
            raise BodyTooLarge(f"the body is larger than {max_bytes} bytes")
        yield chunk


def _refuse_number(text: str) -> float:
    raise BodyMalformed(f"{text} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BodyMalformed("a number is too large")
    return number
