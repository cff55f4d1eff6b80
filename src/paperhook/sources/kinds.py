"""What kind of document it is, by its first bytes, and what it is called by that."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping

#: First bytes of what document APIs take. Source: the formats' own specifications.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
)
#: As many of the first bytes as can say something.
HEAD_BYTES = 1024
#: The name of a document that has none.
UNNAMED = "document"
EXTENSIONS: Mapping[str, str] = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/tiff": ".tiff",
    "image/bmp": ".bmp",
    "image/webp": ".webp",
    "application/zip": ".zip",
}


def content_type_of(head: bytes, filename: str) -> str:
    """Tell a document's type by its first bytes, else by its name; the bytes win over the name."""
    for magic, content_type in _MAGIC:
        if head.startswith(magic):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    # Some mail gateways put lines before the header; readers accept it in the first 1024 bytes.
    if b"%PDF-" in head:
        return "application/pdf"
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"
