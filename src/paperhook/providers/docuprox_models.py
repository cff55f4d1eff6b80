"""DocuProx's words as tables, and its values as it writes them; the sources are named as in `docuprox`."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.status import JobStatus
from ..errors import ConfigurationError

#: By normalised word. W webhook page, M MCP server; anything else is processing, bounded by the poll's deadline.
STATUS: Mapping[str, JobStatus] = {
    "NEW": JobStatus.SUBMITTED,  # W M
    "UNZIPPING FILE": JobStatus.PROCESSING,  # W
    "UNZIP FILE": JobStatus.PROCESSING,  # M
    "UNZIP FILE SUCCESS": JobStatus.PROCESSING,  # W M
    "UNZIP FILE FAILED": JobStatus.FAILED_TERMINAL,  # W M; that it is final is assumed
    "PROCESSING": JobStatus.PROCESSING,  # W, in its text only
    "PROCESSING IMAGE": JobStatus.PROCESSING,  # W
    "PROCESS IMAGE": JobStatus.PROCESSING,  # M
    # W M. The Salesforce package takes it for the end, but SUCCESS follows, and of an archive it is one member's.
    "PROCESS IMAGE SUCCESS": JobStatus.PROCESSING,
    "PROCESS IMAGE FAILED": JobStatus.FAILED_TERMINAL,  # W M; one member's of an archive, see `status`
    "SUCCESS": JobStatus.COMPLETED,  # W M
    "FAILED": JobStatus.FAILED_TERMINAL,  # W M
    "COMPLETED": JobStatus.COMPLETED,  # M, its poller only
    "ERROR": JobStatus.FAILED_TERMINAL,  # M, its poller only
}
#: Final for a single document only (assumed).
MEMBER_FAILED = "PROCESS IMAGE FAILED"
#: Not final; where a single document stays at it, its result is there or comes (assumed, after the Salesforce package).
MEMBER_DONE = "PROCESS IMAGE SUCCESS"

#: Deliveries have no event name (webhook page), so this is ours.
EVENT = "job.completed"
#: A delivery without a result is documented nowhere; it becomes an event that `hooks.on` can take by this name.
UNRECOGNISED_EVENT = "job.unrecognised"

#: Webhook page and API page.
ACCEPTS = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/bmp",
        "image/tiff",
        "application/pdf",
        "application/zip",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPrompt:
    """What an agent should read, where there is no template (Python SDK, MCP server)."""

    #: Name of each wanted field to a description of it.
    fields: Mapping[str, Any]
    document_type: str
    custom_instructions: str = ""

    def payload(self, static_values: Mapping[str, Any], *, fields_as_text: bool = False) -> dict[str, Any]:
        """Give the member `payload` of a request."""
        fields: Any = dict(self.fields)
        payload: dict[str, Any] = {
            "prompt_json": as_json("fields", fields) if fields_as_text else fields,
            "document_type": self.document_type,
        }
        if self.custom_instructions:
            payload["custom_instructions"] = self.custom_instructions
        return payload | ({"static_values": dict(static_values)} if static_values else {})


def normalised(word: str) -> str:
    """Write a status as the table has it: upper case, one space between words; `Unzip_file success` is `UNZIP FILE SUCCESS`."""
    return " ".join(word.replace("_", " ").upper().split())


def digest_of(result: Any) -> str:
    """Give the SHA-256 of a result's canonical JSON, the same for a webhook and a poll whatever their spacing and order."""
    text = json.dumps(result, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def without_data_url(base64_text: str) -> str:
    """Strip `data:image/png;base64,` from a base64 text, which the newer API refuses (n8n node)."""
    head, comma, rest = base64_text.partition(",")
    return rest if comma and head.lstrip().lower().startswith("data:") else base64_text


def as_json(name: str, value: Any) -> str:
    """Write a setting as ASCII JSON.

    Raises:
        ConfigurationError: If it is no JSON.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ConfigurationError(
            f"docuprox: {name} is not JSON: use text, numbers, lists and dicts only"
        ) from None


def object_in_text(name: str, text: Any) -> dict[str, Any]:
    """Read a setting that an environment variable holds as JSON text.

    Raises:
        ConfigurationError: If it is no JSON object.
    """
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ConfigurationError(f"docuprox: {name} is no JSON object")
    return value


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID, as ids of templates are."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def is_single(filename: str | None) -> bool:
    """Tell whether a file is known not to be an archive."""
    return filename is not None and not filename.lower().endswith(".zip")


def records_in(value: Any) -> list[Mapping[str, Any]] | None:
    """Read an array of records or a single one (n8n node); None for anything else."""
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, list) and all(isinstance(record, Mapping) for record in value):
        return value
    return None
