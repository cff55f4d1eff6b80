"""From what the user has to a document that can be sent twice."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import http.client
import io
import os
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperhook.core.document import Document
from paperhook.errors import UnsupportedDocument
from paperhook.sources import (
    close_document,
    document_to_send,
    open_async_document,
    open_document,
    spool,
)
from paperhook.sources.kinds import content_type_of

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 50_000
#: Too much to be kept in memory.
LARGE = bytes(spool.GATHERED_BYTES)


def read(document: Document) -> bytes:
    stream = document.content.open()
    try:
        return stream.read()
    finally:
        stream.close()


def refused(source: Any, **named: Any) -> UnsupportedDocument:
    with pytest.raises(UnsupportedDocument) as raised:
        open_document(source, **named)
    return raised.value


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    path = tmp_path / "請求書_Müller & Søn №1.png"
    path.write_bytes(PNG)
    return path


# Every source


@pytest.mark.parametrize(
    "kind", ["str", "path", "bytes", "bytearray", "memoryview", "file", "raw", "iterator", "pipe"]
)
def test_every_source_is_read_twice_with_the_same_bytes(kind: str, invoice: Path) -> None:
    with invoice.open("rb") as file, io.FileIO(invoice) as raw:
        source: Any = {
            "str": str(invoice),
            "path": invoice,
            "bytes": PNG,
            "bytearray": bytearray(PNG),
            "memoryview": memoryview(PNG),
            "file": file,
            "raw": raw,
            "iterator": iter([PNG[:1], b"", PNG[1:]]),
            "pipe": Pipe(PNG),
        }[kind]

        document = open_document(source)

        assert (read(document), read(document)) == (PNG, PNG)
        assert document.size_bytes == len(PNG)
        assert document.sha256 == hashlib.sha256(PNG).hexdigest()
        assert document.content_type == "image/png"
        close_document(document)


class Pipe(io.RawIOBase):
    """A stream that cannot be rewound."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._rest.readinto(buffer)


class OnlyRead:
    """A stream that has nothing but `read`, as some libraries give."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


def test_a_stream_that_has_nothing_but_read_is_kept_for_a_retry() -> None:
    document = open_document(OnlyRead(PNG))  # type: ignore[arg-type] # that is the point

    assert (read(document), read(document)) == (PNG, PNG)
    close_document(document)


def test_a_document_is_taken_as_it_is() -> None:
    document = open_document(PNG)

    assert open_document(document) is document


def test_an_async_iterable_is_kept_for_a_retry() -> None:
    document = asyncio.run(open_async_document(chunks_of(PNG), aside=asyncio.to_thread, filename="a.png"))

    assert (read(document), read(document)) == (PNG, PNG)
    assert document.filename == "a.png"
    close_document(document)


async def chunks_of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def test_a_file_is_read_from_where_it_stands_and_left_open(invoice: Path) -> None:
    with invoice.open("rb") as file:
        file.seek(8)

        document = open_document(file)

        assert (read(document), read(document)) == (PNG[8:], PNG[8:])
        close_document(document)
        assert not file.closed


def test_the_rest_of_a_file_tells_its_length_and_place_as_a_file_of_its_own(invoice: Path) -> None:
    with invoice.open("rb") as file:
        file.seek(8)
        stream = open_document(file).content.open()

        assert stream.seek(0, io.SEEK_END) == len(PNG) - 8
        assert stream.seek(-1, io.SEEK_CUR) == stream.tell() == len(PNG) - 9
        assert stream.seek(0) == 0
        assert stream.read(3) == PNG[8:11]
        assert stream.seekable()


def test_what_was_kept_is_removed_when_it_is_closed() -> None:
    document = open_document(iter([LARGE]))

    close_document(document)

    with pytest.raises(ValueError, match="closed"):
        document.content.open()


def test_a_document_of_the_users_own_making_needs_no_close() -> None:
    class Own:
        def open(self) -> BinaryIO:
            return io.BytesIO(PNG)

    close_document(Document("a.png", "image/png", len(PNG), "", Own()))
    close_document(open_document(PNG))


# Names and types


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/home/ann/invoice.pdf", "invoice.pdf"),
        (r"C:\Users\ann\invoice.pdf", "invoice.pdf"),
        ("folder/", "folder"),
        ("../../etc/passwd", "passwd"),
        ("/", "document.png"),
        ("請求書_Müller & Søn №1.pdf", "請求書_Müller & Søn №1.pdf"),
        ("caf\udce9.pdf", "caf?.pdf"),
    ],
)
def test_only_the_last_part_of_a_name_is_told_the_provider(given: str, kept: str) -> None:
    assert open_document(PNG, filename=given).filename == kept


@pytest.mark.parametrize(
    ("content", "name"), [(b"%PDF-1.7", "document.pdf"), (b"PK\x03\x04", "document.zip"), (b"?", "document")]
)
def test_what_has_no_name_is_told_with_the_extension_of_its_type(content: bytes, name: str) -> None:
    spooled = open_document([content])
    close_document(spooled)

    assert open_document(content).filename == spooled.filename == name
    assert open_document(content, filename="scan").filename == "scan"


def test_a_path_and_a_file_have_their_own_name(invoice: Path) -> None:
    with invoice.open("rb") as file:
        assert open_document(invoice).filename == open_document(file).filename == invoice.name
        assert open_document(invoice, filename="other.png").filename == "other.png"


def test_a_temporary_file_has_no_name_of_its_own() -> None:
    with tempfile.TemporaryFile() as file, tempfile.SpooledTemporaryFile() as spooled:
        assert open_document(file).filename == "document"
        file.write(PNG)
        file.seek(0)
        assert open_document(file).filename == "document.png"
        assert open_document(spooled).filename == "document"  # type: ignore[arg-type] # typeshed calls it no BinaryIO


@pytest.mark.parametrize(
    ("head", "name", "content_type"),
    [
        (b"%PDF-1.7", "a.png", "application/pdf"),
        (b"\n\n%PDF-1.4", "a", "application/pdf"),
        (b"RIFF0000WEBPVP8", "a", "image/webp"),
        (b"RIFF0000WAVE", "a", "application/octet-stream"),
        (b"\xff\xd8\xff\xe0", "a", "image/jpeg"),
        (b"II*\x00", "a", "image/tiff"),
        (b"MM\x00*", "a", "image/tiff"),
        (b"PK\x03\x04", "a.zip", "application/zip"),
        (b"GIF89a", "a", "image/gif"),
        (b"text", "a.csv", "text/csv"),
        (b"", "a", "application/octet-stream"),
    ],
)
def test_the_first_bytes_win_over_the_name(head: bytes, name: str, content_type: str) -> None:
    assert content_type_of(head, name) == content_type


def test_a_content_type_that_is_given_is_kept() -> None:
    assert open_document(PNG, content_type="image/x-own").content_type == "image/x-own"


# What is refused


def test_a_path_that_is_not_there_is_told_by_its_name_only(tmp_path: Path) -> None:
    error = refused(tmp_path / "missing.pdf")

    assert (error.code, str(error)) == ("unreadable", "missing.pdf: No such file or directory")


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_regular_file_is_refused_without_waiting_for_it(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "special"
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)

    assert refused(path).code == "not_a_file"


@pytest.mark.skipif(sys.platform != "linux", reason="they are Linux's")
@pytest.mark.parametrize("name", ["/proc/filesystems", "/sys/kernel/mm/transparent_hugepage/enabled"])
def test_a_file_of_the_system_that_says_another_size_is_read_to_its_end(name: str) -> None:
    if not Path(name).exists():
        pytest.skip("this kernel or container has it not")
    content = Path(name).read_bytes()
    assert Path(name).stat().st_size != len(content)

    document = open_document(name)

    assert (document.size_bytes, document.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_name_with_a_zero_byte_is_refused() -> None:
    assert refused("a\0.pdf").code == "unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(invoice: Path) -> None:
    invoice.chmod(0)

    assert refused(invoice).code == "unreadable"


@pytest.mark.parametrize("change", ["content", "replaced"])
def test_a_file_that_changed_between_two_attempts_is_not_sent_again(change: str, invoice: Path) -> None:
    document = open_document(invoice)
    if change == "content":
        invoice.write_bytes(PNG + b"more")
    else:
        other = invoice.with_name("other")
        other.write_bytes(PNG)
        other.replace(invoice)

    with pytest.raises(UnsupportedDocument, match="changed while it was being sent") as raised:
        document.content.open()

    assert raised.value.code == "changed"


def test_an_iterator_that_would_fill_the_disk_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MAX_SPOOL_BYTES", 10)

    assert refused(iter([b"123456", b"12345"])).code == "too_large"
    with pytest.raises(UnsupportedDocument):
        asyncio.run(open_async_document(chunks_of(b"123456", b"12345"), aside=asyncio.to_thread))
    just_enough = open_document(iter([b"1234567890"]))
    assert just_enough.size_bytes == 10
    close_document(just_enough)


class Broken(io.RawIOBase):
    """A file on a disk that fails."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def tell(self) -> int:
        return 0

    def readinto(self, buffer: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_a_disk_that_fails_is_told() -> None:
    assert str(refused(Broken(), filename="a.pdf")) == "a.pdf: Input/output error"


def test_a_stream_that_fails_is_told() -> None:
    class Failing:
        name = "a.pdf"

        def read(self, size: int) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    assert str(refused(Failing())) == "a.pdf: Input/output error"


def test_a_stream_that_has_nothing_yet_is_not_taken_for_ended() -> None:
    class NotBlocking:
        pieces: ClassVar = [PNG, None, PNG, b""]

        def read(self, size: int) -> bytes | None:
            return self.pieces.pop(0)

    with pytest.raises(TypeError, match="NoneType, not bytes"):
        open_document(NotBlocking())  # type: ignore[arg-type] # that is the point


@pytest.mark.parametrize("kind", [io.BytesIO, tempfile.TemporaryFile])
def test_a_closed_file_is_told(kind: Any) -> None:
    file = kind()
    file.close()

    error = refused(file, filename="a.pdf")

    assert (str(error), error.code) == ("a.pdf: the file is closed: open it again", "unreadable")


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def __init__(self, **_: Any) -> None:
            super().__init__()

        def writelines(self, chunks: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)

    assert str(refused(iter([LARGE]), filename="a.pdf")) == "a.pdf: No space left on device"


def test_a_buffer_that_an_iterator_uses_again_is_kept_as_it_was() -> None:
    def chunks() -> Iterator[memoryview]:
        buffer = bytearray(4)
        for number in range(3):
            buffer[:] = bytes([number]) * 4
            yield memoryview(buffer)

    assert read(open_document(chunks())) == b"\0\0\0\0\1\1\1\1\2\2\2\2"  # type: ignore[arg-type] # typed as bytes


def test_what_was_closed_while_a_thread_is_about_to_write_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: pytest.fail("a file that nobody closes"))
    left = spool.Spool("a.pdf", is_hashed=True)
    left.add(PNG)

    left.close()
    left.write_out()

    assert left.file is None


def hashing_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("paperhook-hash")]


@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_hashed_while_it_is_written_has_the_hash_of_its_bytes(is_async: bool) -> None:
    chunks = [bytes([number]) * (spool.GATHERED_BYTES // 3 + number) for number in range(11)]

    if is_async:
        document = asyncio.run(open_async_document(chunks_of(*chunks), aside=asyncio.to_thread))
    else:
        document = open_document(iter(chunks))

    assert document.sha256 == hashlib.sha256(b"".join(chunks)).hexdigest()
    assert read(document) == b"".join(chunks)
    assert not hashing_threads()
    close_document(document)


def test_where_no_thread_can_be_started_the_hash_is_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    chunks = [bytes([number]) * 700_000 for number in range(5)]

    def pieces() -> Iterator[bytes]:
        yield from chunks[:2]
        # Only now are there threads again, so the first pieces must not be hashed twice.
        monkeypatch.undo()
        yield from chunks[2:]

    monkeypatch.setattr(threading.Thread, "start", refuse)
    document = open_document(pieces())

    assert document.sha256 == hashlib.sha256(b"".join(chunks)).hexdigest()
    close_document(document)


def test_an_iterator_that_fails_leaves_no_thread_that_hashes() -> None:
    def failing() -> Iterator[bytes]:
        yield from [LARGE, LARGE]
        raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        open_document(failing())

    for each in hashing_threads():
        each.join(5)
    assert not hashing_threads()


def test_an_error_of_the_users_own_iterator_is_the_users() -> None:
    def failing() -> Iterator[bytes]:
        yield PNG
        raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        open_document(failing())


def test_a_file_of_text_is_a_mistake_that_is_told(invoice: Path) -> None:
    with invoice.open(encoding="latin-1") as file, pytest.raises(TypeError, match="mode 'rb'"):
        open_document(file)  # type: ignore[arg-type] # that is the point


def test_an_asynchronous_file_is_a_mistake_that_is_told() -> None:
    class Upload:
        async def read(self, size: int = -1) -> bytes:
            raise AssertionError("nobody awaits it")

    with pytest.raises(TypeError, match="asynchronous"):
        open_document(Upload())  # type: ignore[arg-type] # that is the point


def test_a_response_of_the_standard_library_is_a_source() -> None:
    class Socket:
        def makefile(self, mode: str) -> BinaryIO:
            return io.BytesIO(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%PDF")

    response = http.client.HTTPResponse(Socket())  # type: ignore[arg-type] # a socket is more than that
    response.begin()

    document = open_document(response)  # type: ignore[arg-type] # has read

    assert read(document) == b"%PDF"
    close_document(document)


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(0, 50))
def test_any_chunks_give_their_bytes_whatever_their_sizes(chunks: list[bytes], start: int) -> None:
    whole = b"".join(chunks)
    file = io.BytesIO(whole)
    file.seek(min(start, len(whole)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "GATHERED_BYTES", 1000)
        spooled, window = open_document(iter(chunks)), open_document(file)

    assert read(spooled) == whole
    assert read(window) == whole[start:]
    close_document(spooled)


def test_a_document_that_was_not_hashed_is_hashed_where_somebody_wants_to_know(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    opened = document_to_send(path, is_hashed=False)

    hashed = document_to_send(opened, is_hashed=True)

    assert opened.sha256 == ""
    assert hashed.sha256 == hashlib.sha256(PNG).hexdigest()
    assert document_to_send(hashed, is_hashed=True) is hashed


def test_a_document_that_cannot_be_read_when_it_is_hashed_is_refused() -> None:
    class Failing(io.BytesIO):
        def readinto(self, buffer: Any, /) -> int:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    document = document_to_send(PNG, filename="a.png", is_hashed=False)
    object.__setattr__(document, "content", SimpleNamespace(open=Failing))

    with pytest.raises(UnsupportedDocument, match=r"a\.png: .*error") as raised:
        document_to_send(document, is_hashed=True)

    assert raised.value.code == "unreadable"


def test_a_path_that_is_gone_while_it_is_sent_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    content: Any = document_to_send(path, is_hashed=False).content
    path.unlink()

    with pytest.raises(UnsupportedDocument, match="No such file") as raised:
        content.check()

    assert raised.value.code == "unreadable"


def test_a_file_that_can_only_read_and_seek_is_taken() -> None:
    class Plain:
        def __init__(self, content: bytes) -> None:
            self._file = io.BytesIO(content)
            self.read, self.seek, self.tell = self._file.read, self._file.seek, self._file.tell

        def seekable(self) -> bool:
            return True

    document = open_document(Plain(PNG), filename="a.png")  # type: ignore[arg-type] # it is what the protocol asks for

    assert read(document) == PNG
    assert document.sha256 == hashlib.sha256(PNG).hexdigest()
