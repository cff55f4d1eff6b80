"""What space-ocr's requests say: paths, numbers, images and wanted fields, checked and refused the provider's way.

Source: space-ocr's published agent skill and docs page.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from starlette.requests import Request

from paperhook.simulator.documents import Upload, file_kind
from paperhook.simulator.space_ocr_results import TEMPLATES, Column, columns
from paperhook.simulator.space_ocr_sheets import MAX_ROWS, Node, query_rows
from paperhook.simulator.wire import Refusal

IMAGE_KINDS = frozenset({"jpeg", "png", "gif", "bmp", "tiff", "webp"})
"""Source: API page."""

T = TypeVar("T")


def query_path(request: Request) -> str:
    """Read `path`; its slashes must be literal (changelog of the skill, 0.2.1)."""
    query = request.url.query
    if re.search(r"(?:^|&)path=[^&]*%2f", query, re.IGNORECASE):
        raise Refusal(400, "validation_failed", "path must keep its slashes literal, not %2F")
    return request.query_params.get("path", "")


def integer(request: Request, name: str, default: int) -> int:
    """Read a whole number of the query."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(400, "validation_failed", f"{name} must be a non-negative integer")
    return int(text)


def check_image(upload: Upload) -> None:
    """Refuse what is no image."""
    if upload.kind not in IMAGE_KINDS:
        raise Refusal(400, "invalid_image", "only JPEG, PNG, GIF, BMP, TIFF and WebP can be read")


def modern(asked: dict[str, object]) -> dict[str, object]:
    """Take the deprecated snake_case names as well (changelog of the skill, 0.2.4)."""
    aliases = {"image_type": "imageType", "template_id": "templateId", "auto_fields": "autoFields"}
    return {aliases.get(name, name): value for name, value in asked.items()}


def wanted_columns(asked: Mapping[str, object]) -> tuple[Column, ...] | None:
    """Read which fields are wanted; None means whatever the picture has."""
    given = [name for name in ("fields", "templateId", "autoFields") if asked.get(name)]
    if len(given) != 1:
        raise Refusal(400, "validation_failed", "give exactly one of fields, templateId and autoFields")
    if given == ["fields"]:
        return columns(asked["fields"])
    if given == ["autoFields"]:
        return None
    template = TEMPLATES.get(str(asked["templateId"]))
    if template is None:
        raise Refusal(400, "validation_failed", "templateId is unknown")
    return template


def image_of(asked: Mapping[str, object]) -> Upload:
    """Read the image of a synchronous call."""
    image, kind = asked.get("image"), asked.get("imageType", "base64")
    if kind not in ("url", "base64") or not isinstance(image, str):
        raise Refusal(400, "validation_failed", "image must be text and imageType url or base64")
    if kind == "url":
        raise Refusal(400, "invalid_image", "the simulator fetches nothing; send the image as base64")
    try:
        content = base64.b64decode(image.partition("base64,")[2] or image, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "invalid_image", "image is not base64") from None
    return Upload(f"image.{file_kind(content) or 'bin'}", content)


def picked(wanted: object, named: Mapping[str, T]) -> T | None:
    """Find a row or a column by its index, from 0 (assumed), or by its name."""
    if isinstance(wanted, int) and 0 <= wanted < len(named):
        return list(named.values())[wanted]
    return named.get(str(wanted))


def sheet_view(node: Node, at: str, request: Request) -> dict[str, object]:
    """Give the rows of a sheet that a request asks for."""
    query = request.query_params
    rows = query_rows(node, query.getlist("where"), query.getlist("sort"))
    offset, limit = integer(request, "offset", 0), min(integer(request, "limit", 100), MAX_ROWS)
    names: Sequence[str] | None = query["select"].split(",") if query.get("select") else None
    shown = rows[offset : offset + limit]
    return {
        "type": "sheet",
        "path": at,
        "name": node.name,
        "columns": [column.to_json() for column in node.columns],
        "total": len(node.rows),
        "matched": len(rows),
        "offset": offset,
        "limit": limit,
        "nextOffset": offset + limit if offset + limit < len(rows) else None,
        "rows": [row.to_json(names=names, boxes=query.get("boxes") != "0") for row in shown],
    }
