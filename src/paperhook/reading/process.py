"""The child's side: one document in, an `Extraction` or a refusal out.

Run as ``python -m paperhook.reading.process`` by `paperhook.reading.reader`; it speaks over its pipes only.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import struct
from typing import Any

from paperhook.reading.extraction import ReadingFailed
from paperhook.sandbox import serve

_HEAD = struct.Struct(">I")


def pack(head: dict[str, Any], content: bytes) -> bytes:
    """Make a request: 4 bytes of length (big-endian), that much JSON, and the document."""
    raw = json.dumps(head).encode()
    return _HEAD.pack(len(raw)) + raw + content


def unpack(request: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a request apart again."""
    (size,) = _HEAD.unpack_from(request)
    start = _HEAD.size
    return json.loads(request[start : start + size]), request[start + size :]


def answer(request: bytes) -> bytes:
    """Read one document; every outcome is an answer, so the process lives on."""
    head, content = unpack(request)
    try:
        from paperhook.reading.document import read_document

        extraction = read_document(
            content, pages_limit=head["pages"], pixels_limit=head["pixels"], seconds=head["seconds"]
        )
        return json.dumps({"extraction": extraction.to_json()}).encode()
    except ReadingFailed as error:
        return _refusal(error.code, error.message)
    except MemoryError:
        return _refusal("out_of_memory", "the document needs more memory than the limit")
    except ImportError as error:
        return json.dumps({"missing": str(error)}).encode()
    except Exception as error:  # noqa: BLE001 - whatever a document does to a library is this document's outcome
        # The type is safe to tell; the message may quote the document.
        return _refusal("crashed", f"reading it failed inside ({type(error).__name__})")


def _refusal(code: str, message: str) -> bytes:
    return json.dumps({"code": code, "message": message}).encode()


if __name__ == "__main__":
    # Libraries log the paths of this machine; what counts is in the answer.
    logging.disable(logging.CRITICAL)
    # Loading the libraries counts as starting, not as reading.
    with contextlib.suppress(ImportError):
        import dateparser

        importlib.import_module("price_parser")
        importlib.import_module("paperhook.reading.document")
        importlib.import_module("paperhook.reading.pdf")
        dateparser.parse("1 May 2024", languages=["en"])
    serve(answer)
