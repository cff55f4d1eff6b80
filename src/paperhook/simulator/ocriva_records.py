"""What Ocriva keeps and shows: templates, batches, history records, and the payloads of their events.

Source: Ocriva's documentation pages, named beside each fact; names no page shows are assumed after the webhook.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from starlette.datastructures import QueryParams

from paperhook.simulator.wire import Refusal

ORGANIZATION = "org_local"
USER = "user_local"

Status = Literal["pending", "queued", "in_progress", "completed", "failed"]


@dataclass(slots=True, eq=False)
class Template:
    """Which fields to extract."""

    id: str
    name: str
    description: str
    schema: object
    project_id: str
    created_at: float
    updated_at: float

    def to_json(self) -> dict[str, object]:
        """Give the record; source: open-api-templates page."""
        return {
            "templateId": self.id,
            "name": self.name,
            "description": self.description,
            "templateSchema": self.schema,
            "projectId": self.project_id,
            "isActive": True,
            "resultFormat": "json",
            "extractionMode": "structured",
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.updated_at),
        }


@dataclass(slots=True, eq=False)
class Batch:
    """Files that were sent together."""

    id: str
    name: str
    project_id: str
    template: Template | None
    created_at: float
    records: list[Record] = field(default_factory=list["Record"])

    def ended(self, status: Status) -> int:
        """Count the files that ended so."""
        return sum(record.status == status for record in self.records)

    @property
    def is_over(self) -> bool:
        """Say whether every file has ended."""
        return self.ended("completed") + self.ended("failed") == len(self.records)

    def to_json(self) -> dict[str, object]:
        """Give the record; source: open-api-batch and batch-processing pages."""
        completed, failed = self.ended("completed"), self.ended("failed")
        status = "processing" if not self.is_over else "failed" if completed == 0 else "completed"
        return {
            "id": self.id,
            "name": self.name,
            "projectId": self.project_id,
            "organizationId": ORGANIZATION,
            "userId": USER,
            "templateId": self.template.id if self.template else None,
            "templateName": self.template.name if self.template else None,
            "totalFiles": len(self.records),
            "completedFiles": completed,
            "failedFiles": failed,
            "progress": round(100 * (completed + failed) / max(1, len(self.records))),
            "status": status,
            "uploadIds": [record.reply_id for record in self.records],
            "createdAt": iso(self.created_at),
        }


@dataclass(slots=True, eq=False)
class Record:
    """One uploaded file and its processing."""

    #: The id of the upload reply.
    reply_id: str
    #: The id of the history record, and its `uploadId`.
    history_id: str
    upload_id: str
    filename: str
    size_bytes: int
    mime_type: str
    project_id: str
    template: Template | None
    metadata: object
    batch: Batch | None
    created_at: float
    status: Status = "pending"
    result: dict[str, object] | None = None
    confidence: float | None = None
    processing_ms: int | None = None
    error: str | None = None
    ended_at: float | None = None

    def to_json(self) -> dict[str, object]:
        """Give the history record; names of result, timing and error are assumed after the webhook."""
        return {
            "id": self.history_id,
            "uploadId": self.upload_id,
            "projectId": self.project_id,
            "userId": USER,
            "batchId": self.batch.id if self.batch else None,
            "fileName": self.filename,
            "fileUrl": f"https://storage.invalid/{self.reply_id}",
            "filePath": f"{self.project_id}/{self.reply_id}",
            "fileSize": str(self.size_bytes),
            "mimeType": self.mime_type,
            "status": self.status,
            "templateId": self.template.id if self.template else None,
            "metadata": self.metadata,
            "extractedData": self.result,
            "confidence": self.confidence,
            "processingTime": self.processing_ms,
            "errorMessage": self.error,
            "createdAt": iso(self.created_at),
            "processedAt": iso(self.ended_at) if self.ended_at is not None else None,
        }


def iso(moment: float) -> str:
    """Write a time the way Ocriva does: UTC with milliseconds and Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def uploaded_payload(record: Record) -> dict[str, object]:
    """Give the payload of document.uploaded (webhooks-events page)."""
    return {
        "id": record.reply_id,
        "fileName": record.filename,
        # A number here, a string in requests and history (webhooks-events page).
        "fileSize": record.size_bytes,
        "mimeType": record.mime_type,
        "status": "uploaded",
        "templateId": record.template.id if record.template else None,
        "uploadedAt": iso(record.created_at),
    }


def processed_payload(record: Record) -> dict[str, object]:
    """Give the payload of document.processed (seed)."""
    return {
        "id": record.reply_id,
        "fileName": record.filename,
        "status": "completed",
        "extractedData": record.result,
        "confidence": record.confidence,
        "processingTime": record.processing_ms,
        "processedAt": iso(record.ended_at or 0.0),
    }


def failed_payload(record: Record) -> dict[str, object]:
    """Give the payload of document.failed (assumed)."""
    return {
        "id": record.reply_id,
        "fileName": record.filename,
        "status": "failed",
        "error": record.error,
        "failedAt": iso(record.ended_at or 0.0),
    }


def picked(members: Mapping[str, object], *names: str) -> dict[str, object]:
    """Keep these members."""
    return {name: members[name] for name in names}


def matches(record: Record, query: QueryParams) -> bool:
    """Say whether a record passes the filters of a history query (open-api-processing-history page)."""
    day = iso(record.created_at)[:10]
    return (
        query.get("status") in (None, record.status)
        and query.get("templateId") in (None, record.template.id if record.template else None)
        and query.get("batchId") in (None, record.batch.id if record.batch else None)
        and query.get("fromDate", day) <= day <= query.get("toDate", day)
        and query.get("search", "").lower() in record.filename.lower()
    )


def page_of(found: list[dict[str, object]], query: QueryParams) -> dict[str, object]:
    """Cut out one page; the names of the paging members are assumed."""
    page, limit = _positive(query, "page", 1), min(_positive(query, "limit", 10), 100)
    cut = found[(page - 1) * limit : page * limit]
    return {
        "data": cut,
        "total": len(found),
        "page": page,
        "limit": limit,
        "totalPages": math.ceil(len(found) / limit),
    }


def _positive(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 1_000_000):
        raise Refusal(
            400, "", "validation failed", details={"messages": [f"{name} must be a positive integer"]}
        )
    return int(text)
