"""ZIP uploads, opened within bounds and never onto disk: the documents at the root, and why the rest was left out."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from dataclasses import dataclass

from paperhook.simulator.documents import Upload, file_kind

MAX_MEMBERS = 100
MAX_MEMBER_BYTES = 50 * 1024 * 1024
MAX_TOTAL_BYTES = 200 * 1024 * 1024
MAX_RATIO = 100
"""Uncompressed to compressed size, for members over 1 MiB; images and PDFs stay far below."""

_RATIO_MATTERS_FROM_BYTES = 1024 * 1024


class ArchiveRefused(Exception):
    """The archive is broken, empty, or larger than it may be."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds."""

    #: Files at the root, in the archive's order.
    documents: tuple[Upload, ...]
    #: Members that were left out, each with the reason, as "name: reason".
    skipped: tuple[str, ...]


def open_archive(content: bytes) -> Archive:
    """Read the documents at an archive's root into memory.

    Raises:
        ArchiveRefused: If it cannot be read, breaks a bound, or holds no document at its root.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:
        raise ArchiveRefused(f"the archive cannot be read ({type(error).__name__})") from error


def _read(archive: zipfile.ZipFile) -> Archive:
    members = [member for member in archive.infolist() if not member.is_dir()]
    _check_bounds(members)
    documents: list[Upload] = []
    skipped: list[str] = []
    for member in members:
        reason = _reason_to_skip(member)
        content = b"" if reason else archive.read(member)
        if not reason and file_kind(content) == "zip":
            reason = "an archive inside the archive"
        if reason:
            skipped.append(f"{member.filename}: {reason}")
            continue
        documents.append(Upload(member.filename, content))
    if not documents:
        raise ArchiveRefused("no document at the archive's root")
    return Archive(tuple(documents), tuple(skipped))


def _check_bounds(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise ArchiveRefused(f"more than {MAX_MEMBERS} files")
    if sum(member.file_size for member in members) > MAX_TOTAL_BYTES:
        raise ArchiveRefused(f"more than {MAX_TOTAL_BYTES} bytes in all")
    for member in members:
        if member.file_size > MAX_MEMBER_BYTES:
            raise ArchiveRefused(f"a file of more than {MAX_MEMBER_BYTES} bytes")
        if member.file_size > max(_RATIO_MATTERS_FROM_BYTES, member.compress_size * MAX_RATIO):
            raise ArchiveRefused(f"a file compressed more than {MAX_RATIO} times")


def _reason_to_skip(member: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a symbolic link"
    # The names that leave the folder have a separator, too; nothing is ever written under any of them.
    if "/" in member.filename or "\\" in member.filename or ":" in member.filename:
        return "not at the archive's root"
    if member.flag_bits & 0x1:
        return "encrypted"
    return ""
