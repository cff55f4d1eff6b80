"""From what the user has — a path, bytes, a file, an iterator — to a `Document` that can be sent twice.

A retried body must be the same bytes, so paths are reopened and compared, files are rewound to where they stood,
and iterators are kept in a bounded temporary file that is removed on `close()`.

| module | what is there |
|---|---|
| `opening` | a document from whatever was given |
| `contents` | bytes, a path, a file: read again as they were, or refused |
| `spool` | an iterator's bytes, kept in a temporary file |
| `passing` | an iterator's bytes, sent while they are read |
| `kinds` | a document's type by its first bytes |
"""

from __future__ import annotations

from .opening import (
    CHUNK_BYTES,
    SMALL_BYTES,
    AsyncSource,
    Source,
    close_document,
    document_to_send,
    is_spooled,
    open_async_document,
    open_document,
)

__all__ = [
    "CHUNK_BYTES",
    "SMALL_BYTES",
    "AsyncSource",
    "Source",
    "close_document",
    "document_to_send",
    "is_spooled",
    "open_async_document",
    "open_document",
]
