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
    ("members", "reason"),
    [
        (list, "no document"),
        (lambda: [("folder/a.pdf", PDF)], "no document"),
        (lambda: [(f"{n}.pdf", b"") for n in range(101)], "more than 100 files"),
        (lambda: [("bomb.pdf", bytes(2 * 1024 * 1024))], "compressed more than 100 times"),
        (lambda: [("large.pdf", bytes(51 * 1024 * 1024))], "of more than"),
        (lambda: [(f"{n}.pdf", bytes(41 * 1024 * 1024)) for n in range(5)], "in all"),
    ],
    ids=["empty", "folder", "members", "ratio", "large", "total"],
)
def test_what_is_empty_or_out_of_bounds_is_refused(
    members: Callable[[], list[tuple[str, bytes]]], reason: str
) -> None:
    content = zipped(*members())

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
