from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from paperhook.simulator.archives import Archive, ArchiveRefused, open_archive
from tests.simulator.world import PDF

DOCUMENTS = Path(os.environ.get("PAPERHOOK_DOCUMENTS", Path(__file__).parents[3] / "shared" / "documents"))


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return out.getvalue()


def announcing(count: int, size_bytes: int) -> bytes:
    """An archive whose directory announces so many members of that size."""
    content = bytearray(zipped(*((f"{n}.pdf", PDF) for n in range(count))))
    at = -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<I", content, at + 24, size_bytes)
    return bytes(content)


def names(archive: Archive) -> list[str]:
    return [document.filename for document in archive.documents]


def test_documents_at_the_root_are_taken_in_order() -> None:
    archive = open_archive(zipped(("b.pdf", PDF), ("a.pdf", PDF), ("empty/", b"")))

    assert names(archive) == ["b.pdf", "a.pdf"]
    assert archive.skipped == ()


@pytest.mark.parametrize("name", ["folder/a.pdf", "../a.pdf", "/etc/a.pdf", "..\\a.pdf", "C:a.pdf"])
def test_a_member_anywhere_else_is_left_out(name: str) -> None:
    archive = open_archive(zipped(("ok.pdf", PDF), (name, PDF)))

    assert names(archive) == ["ok.pdf"]
    assert len(archive.skipped) == 1
    assert archive.skipped[0].endswith("not at the archive's root")


def test_a_link_and_an_inner_archive_are_left_out() -> None:
    link = zipfile.ZipInfo("link.pdf")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    archive = open_archive(zipped(("ok.pdf", PDF), (link, b"/etc/passwd"), ("in.pdf", zipped(("a", PDF)))))

    assert names(archive) == ["ok.pdf"]
    assert archive.skipped == ("link.pdf: a symbolic link", "in.pdf: an archive inside the archive")


def test_an_encrypted_member_is_left_out() -> None:
    content = bytearray(zipped(("ok.pdf", PDF), ("secret.pdf", PDF)))
    at = content.rindex(b"PK\x01\x02")
    struct.pack_into("<H", content, at + 8, 1)

    archive = open_archive(bytes(content))

    assert archive.skipped == ("secret.pdf: encrypted",)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (zipped, "no document"),
        (lambda: zipped(("folder/a.pdf", PDF)), "no document"),
        (lambda: zipped(*((f"{n}.pdf", b"") for n in range(101))), "more than 100 files"),
        (lambda: zipped(("bomb.pdf", bytes(2 * 1024 * 1024))), "compressed more than 100 times"),
        (lambda: announcing(1, 51 * 1024 * 1024), "of more than"),
        (lambda: announcing(5, 41 * 1024 * 1024), "in all"),
    ],
    ids=["empty", "folder", "members", "ratio", "large", "total"],
)
def test_what_is_empty_or_out_of_bounds_is_refused(make: Callable[[], bytes], reason: str) -> None:
    content = make()

    with pytest.raises(ArchiveRefused, match=reason):
        open_archive(content)


def test_what_is_broken_is_refused() -> None:
    with pytest.raises(ArchiveRefused, match="BadZipFile"):
        open_archive(b"PK\x03\x04")


def test_a_member_that_holds_other_bytes_than_announced_is_refused() -> None:
    content = bytearray(zipped(("a.pdf", PDF * 100)))
    content[content.index(b"a.pdf") + 8] ^= 0xFF

    with pytest.raises(ArchiveRefused, match="cannot be read"):
        open_archive(bytes(content))


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the hostile documents are not here")
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("two_at_root.zip", 2),
        ("non_ascii_member.zip", 1),
        ("zip_slip.zip", 1),
        ("symlink.zip", 1),
        ("nested_folder.zip", 1),
        ("zip_bomb_200mb.zip", None),
        ("zip_in_zip.zip", None),
        ("many_members.zip", None),
        ("empty.zip", None),
        ("truncated.zip", None),
    ],
)
def test_hostile_archives_give_their_documents_or_are_refused(file: str, expected: int | None) -> None:
    content = (DOCUMENTS / "hostile" / file).read_bytes()

    if expected is None:
        with pytest.raises(ArchiveRefused):
            open_archive(content)
        return

    assert len(open_archive(content).documents) == expected
