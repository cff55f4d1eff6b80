"""What Ocriva's own endpoints answer, as typed values; members it adds later are kept.

Source: the documentation pages open-api-projects, -templates, -processing-history, -batch and -overview.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import pydantic

from ..core.answers import count_in, number_in
from ..core.instants import instant
from ..core.model import CamelModel

#: Bytes and other figures; None where nothing readable is said.
Count: TypeAlias = Annotated[int | None, pydantic.BeforeValidator(lambda value: count_in(value) or None)]
Figure: TypeAlias = Annotated[float | None, pydantic.BeforeValidator(number_in)]
#: Aware UTC; None where it is missing or written in a way that is no moment.
Moment: TypeAlias = Annotated[datetime | None, pydantic.BeforeValidator(instant)]


class Project(CamelModel):
    """One project of the organization."""

    id: str
    name: str = ""
    description: str | None = None
    organization_id: str | None = None
    is_active: bool = True
    created_at: Moment = None
    updated_at: Moment = None


class Template(CamelModel):
    """What to extract from a kind of document."""

    # The page shows templateId; id is taken as well, because every other record has it.
    template_id: str = pydantic.Field(
        validation_alias=pydantic.AliasChoices("templateId", "id", "template_id")
    )
    name: str = ""
    description: str | None = None
    #: As the organization wrote it: JSON Schema or another shape.
    template_schema: Any = None
    project_id: str | None = None
    is_active: bool = True
    result_format: str | None = None
    extraction_mode: str | None = None
    created_at: Moment = None
    updated_at: Moment = None


class HistoryRecord(CamelModel):
    """One document in the processing history.

    `extracted_data`, `confidence`, `processing_time` and `error_message` are named after the webhook (assumed).
    """

    id: str
    upload_id: str | None = None
    project_id: str | None = None
    user_id: str | None = None
    batch_id: str | None = None
    file_name: str | None = None
    file_url: str | None = pydantic.Field(default=None, repr=False)
    file_path: str | None = None
    #: Bytes; text on the wire here, a number in events.
    file_size: Count = None
    mime_type: str | None = None
    status: str = ""
    template_id: str | None = None
    metadata: Any = pydantic.Field(default=None, repr=False)
    extracted_data: Any = pydantic.Field(default=None, repr=False)
    #: 0..1.
    confidence: Figure = None
    #: Milliseconds.
    processing_time: Figure = None
    error_message: str | None = None
    created_at: Moment = None


class HistoryPage(CamelModel):
    """One page of the processing history."""

    records: tuple[HistoryRecord, ...] = ()
    #: From 1.
    page: int = 1
    #: Records in all, where the answer says it.
    total: int | None = None
    total_pages: int | None = None

    def is_last(self, *, seen: int) -> bool:
        """Tell whether no page follows; `seen` counts the records so far, this page included."""
        if not self.records:
            return True
        if self.total_pages is not None:
            return self.page >= self.total_pages
        return self.total is not None and seen >= self.total


class Stats(CamelModel):
    """Figures of the processing history; the page promises them and names none."""


class BatchRecord(CamelModel):
    """Several files sent in one call."""

    id: str
    name: str = ""
    project_id: str | None = None
    organization_id: str | None = None
    user_id: str | None = None
    template_id: str | None = None
    template_name: str | None = None
    total_files: int | None = None
    completed_files: int | None = None
    failed_files: int | None = None
    status: str = ""
    upload_ids: tuple[str, ...] = ()
    #: 0..100.
    progress: float | None = None
    created_at: Moment = None


class Login(CamelModel):
    """A short-lived access token; `Ocriva(access_token, bearer=True)` uses it."""

    access_token: str = pydantic.Field(repr=False)
    #: Seconds.
    expires_in: int | None = None
    token_info: Any = None
