"""Every document of a manifest through one provider, or through the reader of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from ..client import Client
from ..core.result import Field, Result
from ..errors import ConfigurationError, PaperhookError
from ..reading.extraction import ExtractedField, Extraction
from ..reading.reader import Reader
from ..results.names import ALIASES, DATES, MONEY, NUMBERS, PERCENTAGES
from .expected import ExpectedDocument
from .figures import EvaluatedDocument, Evaluation
from .judging import judge

#: Reads one document; raises `PaperhookError` where it cannot.
Read: TypeAlias = Callable[[Path], Result]

#: The reader of this machine, where a provider's name is asked for.
LOCAL = "local"


def evaluate(
    documents: Sequence[ExpectedDocument], read: Read, *, provider: str, concurrency: int = 1
) -> Evaluation:
    """Read every document and judge what was read; a document that cannot be read has missed all its fields.

    Args:
        read: `reads_with(client)`, `reads_locally(reader)`, or any function of yours.
        provider: Its name in the figures.
        concurrency: How many documents at once; then `read` is called from several threads.

    Raises:
        ConfigurationError: From `read`: wrong settings are no property of a document.
    """
    with ThreadPoolExecutor(concurrency, "paperhook-evaluate") as pool:
        return Evaluation(provider, tuple(pool.map(partial(_evaluated, read), documents)))


def _evaluated(read: Read, document: ExpectedDocument) -> EvaluatedDocument:
    started = time.monotonic()
    failure = None
    try:
        result = read(document.file)
    except ConfigurationError:
        raise
    except PaperhookError as error:
        result, failure = Result(), f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    return EvaluatedDocument(document, tuple(judge(document, result)), seconds, failure)


def reads_with(client: Client, *, deadline: float = 300) -> Read:
    """Read through a provider: upload, wait, fetch. What the provider charges for a document, it charges here.

    Args:
        deadline: s for each document.
    """
    return lambda path: client.upload_and_wait(path, deadline=deadline)


def reads_locally(reader: Reader) -> Read:
    """Read with the rules and the recognition of this machine; needs the extras `local-pdf` or `local`."""
    return lambda path: local_result(reader.read(path.read_bytes(), filename=path.name))


def local_result(extraction: Extraction) -> Result:
    """Turn what the local reader found into a `Result`, as providers give one."""
    return Result(
        fields={ALIASES.get(name, name): field for name, field in _fields(extraction.fields).items()},
        line_items=tuple(_fields(row) for row in extraction.line_items),
        taxes=tuple(_fields(row) for row in extraction.taxes),
        text=extraction.text,
        warnings=extraction.warnings,
        document_type=extraction.document_type,
        raw=extraction.to_json(),
    )


def _fields(found: Mapping[str, ExtractedField]) -> dict[str, Field]:
    return {name: _field(name, each) for name, each in found.items()}


def _field(name: str, found: ExtractedField) -> Field:
    value: Any = found.value
    if name in MONEY | NUMBERS | PERCENTAGES:
        value = Decimal(found.value)
    elif name in DATES:
        value = date.fromisoformat(found.value)
    return Field(
        value=value,
        text=found.text,
        confidence=found.confidence,
        page_number=found.page_number,
        box=found.box,
        match_ratio=found.match_ratio,
        provider_name=name,
    )
