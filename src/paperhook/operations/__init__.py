"""The flows that all providers share, as generators: upload, wait, upload and wait, poll."""

from __future__ import annotations

from .asking import ask, carry_over, has_moved, inquire, is_stuck, poll, result, status
from .sending import (
    check_batch,
    check_document,
    metadata_text,
    submission_key,
    upload,
    upload_batch,
    with_progress,
)
from .waiting import LOOK_SECONDS, Look, Pace, TellWait, pace_of, upload_and_wait, wait

__all__ = [
    "LOOK_SECONDS",
    "Look",
    "Pace",
    "TellWait",
    "ask",
    "carry_over",
    "check_batch",
    "check_document",
    "has_moved",
    "inquire",
    "is_stuck",
    "metadata_text",
    "pace_of",
    "poll",
    "result",
    "status",
    "submission_key",
    "upload",
    "upload_and_wait",
    "upload_batch",
    "wait",
    "with_progress",
]
