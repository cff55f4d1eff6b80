"""Uploads, of one document or several in one call: none is sent twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ..core import models
from ..core.document import Document
from ..core.provider import Provider
from ..core.status import JobStatus
from ..core.steps import Effect, Progress, Send, Steps, relayed
from ..errors import ApiError, ConfigurationError, SubmissionUnknown, TransportError, UnsupportedDocument

if TYPE_CHECKING:
    from ..core.job import Batch, Job

T = TypeVar("T")


def submission_key(
    document: Document, provider: Provider, *, metadata: Mapping[str, Any], namespace: str = ""
) -> str:
    """Derive the idempotency key of an upload: the same document, provider and options give the same key.

    Args:
        namespace: Keeps two applications that share an account apart.

    Returns:
        43 characters, `ph-` and 40 hex digits.

    Raises:
        ConfigurationError: If the metadata is not plain JSON, so that its key could not be derived again.
    """
    options = metadata_text(metadata)
    if not document.sha256:
        raise ConfigurationError(
            f"{document.filename} has no hash to make a key of: open it with open_document"
        )
    parts = [namespace, provider.name, provider.base_url, document.sha256, options]
    digest = hashlib.sha256(json.dumps([*parts, provider.upload_options()], default=str).encode()).hexdigest()
    return f"ph-{digest[:40]}"


def metadata_text(metadata: Mapping[str, Any]) -> str:
    """Write metadata, the same for the same.

    Raises:
        ConfigurationError: If it is not plain JSON.
    """
    try:
        return json.dumps(metadata, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"metadata must be plain JSON with text as names: {error}") from error


def check_document(document: Document, provider: Provider) -> None:
    """Refuse what the provider is known to refuse, before a byte is sent.

    Raises:
        UnsupportedDocument: If it is empty, too large, or of a type that the provider does not take.
    """
    can = provider.capabilities
    if document.size_bytes == 0:
        raise UnsupportedDocument(f"{document.filename} is empty: nothing was sent", code="empty_file")
    if can.accepts is not None and document.content_type not in can.accepts:
        raise UnsupportedDocument(
            f"{document.filename} is {document.content_type}: {provider.name} takes {', '.join(sorted(can.accepts))}"
        )
    is_sent_as_it_is = document.content_type not in can.rasterises
    if (
        is_sent_as_it_is
        and can.max_document_bytes is not None
        and document.size_bytes > can.max_document_bytes
    ):
        raise UnsupportedDocument(
            f"{document.filename} has {document.size_bytes} bytes: {provider.name} takes {can.max_document_bytes}",
            code="too_large",
        )


def upload(
    provider: Provider,
    document: Document,
    *,
    key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Steps[Job]:
    """Submit one document, never twice.

    Raises:
        UnsupportedDocument: If the provider is known to refuse it.
        SubmissionUnknown: If the document may have arrived, and no answer tells.
        ApiError: If the provider refused it.
        TransportError: If nothing was sent.
    """
    check_document(document, provider)
    given = metadata or {}
    try:
        job = yield from provider.upload(document, key=key, metadata=given)
    except (TransportError, ApiError) as error:
        if not _may_have_made_a_job(error):
            raise
        job = models.Job(
            id="",
            provider=provider.name,
            status=JobStatus.SUBMISSION_UNKNOWN,
            filename=document.filename,
            size_bytes=document.size_bytes,
            sha256=document.sha256 or None,
            idempotency_key=key,
            metadata=given,
        )
        raise SubmissionUnknown(
            f"{error}; {document.filename} may have been accepted: {_how_to_go_on(provider)}", job=job
        ).with_facts_of(error) from error
    return job.model_copy(update={"idempotency_key": key, "filename": job.filename or document.filename})


def with_progress(steps: Steps[T], tell: Progress) -> Steps[T]:
    """Run an operation, and have it told how far each body with a document in it is sent."""

    def perform(effect: Effect) -> Generator[Effect, Any, Any]:
        if isinstance(effect, Send) and effect.request.carries_document:
            effect = replace(effect, on_progress=tell)
        return (yield effect)

    return relayed(steps, perform)


def check_batch(provider: Provider, documents: Sequence[Document]) -> None:
    """Refuse a batch that the provider is known to refuse, before a byte is sent; errors as `check_document`."""
    most = provider.capabilities.max_batch_documents
    if not documents:
        raise UnsupportedDocument(
            f"{provider.name}: a batch of no documents: nothing was sent", code="empty_batch"
        )
    if 0 < most < len(documents):
        raise UnsupportedDocument(
            f"{provider.name}: a batch of {len(documents)} documents: it takes {most}; upload_many(in_batches=True) sends several",
            code="too_many_documents",
        )
    for document in documents:
        check_document(document, provider)


def upload_batch(
    provider: Provider,
    documents: Sequence[Document],
    *,
    key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    namespace: str = "",
) -> Steps[Batch]:
    """Submit several documents in one call, never twice; errors as for `upload`."""
    check_batch(provider, documents)
    given = metadata or {}
    if key is None and provider.capabilities.idempotency_header is not None:
        keys = [submission_key(each, provider, metadata=given, namespace=namespace) for each in documents]
        key = f"ph-{hashlib.sha256(' '.join(keys).encode()).hexdigest()[:40]}"
    try:
        return (yield from provider.upload_batch(documents, key=key, metadata=given))
    except (TransportError, ApiError) as error:
        if not _may_have_made_a_job(error):
            raise
        raise SubmissionUnknown(
            f"{error}; the batch of {len(documents)} may have been accepted: {_how_to_go_on(provider)}"
        ).with_facts_of(error) from error


def _how_to_go_on(provider: Provider) -> str:
    if provider.capabilities.idempotency_header is not None:
        return "upload it again, its key keeps the provider from making a second job"
    return "look for it at the provider before you upload it again"


def _may_have_made_a_job(error: TransportError | ApiError) -> bool:
    last = error.may_have_arrived if isinstance(error, TransportError) else error.may_have_been_processed
    return last or error.follows_lost_attempt
