"""One suite for every adapter: whatever the framework, the same bytes get the same answer."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from queue import SimpleQueue
from typing import Any, ClassVar

import pytest

from paperhook import DocumentCompleted, Webhooks
from paperhook.core.delivery import Delivery, Handshake
from paperhook.errors import InboxUnavailable
from paperhook.inbox import Entry, Filter, MemoryInbox
from paperhook.observe import DeliveryReceived, Recorder
from paperhook.webhooks.signatures import HmacPairs
from tests.acme import SECRET, Acme, KeyedAcme, acme, body_of, signed
from tests.contracts.endpoints import ADAPTERS, PATIENCE, Adapter, Answer, Request, read_answer

MAX_BODY_BYTES = 256 * 1024
SIGNATURE = "X-Acme-Signature"
_numbers = count(1)


@dataclass(frozen=True)
class PairedAcme(Acme):
    """The same provider, had it a signature that is a list."""

    name: ClassVar[str] = "paired-acme"
    env_prefix: ClassVar[str] = "PAIRED_ACME_"

    @property
    def signature(self) -> HmacPairs:
        return HmacPairs(header=SIGNATURE)


@dataclass(frozen=True)
class ShakingAcme(Acme):
    """The same provider, had it to be greeted, and did it take nothing but 204."""

    name: ClassVar[str] = "shaking-acme"
    env_prefix: ClassVar[str] = "SHAKING_ACME_"
    shakes_hands: ClassVar[bool] = True
    success_status: ClassVar[int] = 204

    def handshake(self, delivery: Delivery, *, now: float | None = None) -> Handshake | None:
        if "x-hook-secret" not in delivery.headers:
            return None
        return Handshake(delivery.body, "text/plain", (("X-Hook-Secret", delivery.headers["x-hook-secret"]),))


SHAKING = ShakingAcme("key", webhook_secret=SECRET)
PAIRED = PairedAcme("key", webhook_secret="paired-secret-for-tests")


class SwitchedInbox(MemoryInbox):
    """A store that is away while a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False

    def put(self, entries: Sequence[Entry]) -> Future[tuple[bool, ...]]:
        if not self.is_away:
            return super().put(entries)
        failed: Future[tuple[bool, ...]] = Future()
        failed.set_exception(InboxUnavailable("the disk is away"))
        return failed

    @contextlib.contextmanager
    def away(self) -> Generator[None]:
        self.is_away = True
        try:
            yield
        finally:
            self.is_away = False


@dataclass(frozen=True)
class Endpoint:
    adapter: Adapter
    wire: Any
    hooks: Webhooks
    inbox: SwitchedInbox
    recorder: Recorder

    def send(self, request: Request) -> Answer:
        return self.wire.send(request)

    def stored(self, mark: str) -> bytes | None:
        rows = self.inbox.rows(Filter(key=f"done:{mark}")).result()
        return rows[0].entry.body if rows else None


@contextlib.contextmanager
def opened(
    adapter: Adapter, *providers: Any, book: Callable[[DocumentCompleted], Any] = id, worker: Any = "external"
) -> Generator[Endpoint]:
    if adapter.missing:
        pytest.skip(f"not installed on this Python: {', '.join(adapter.missing)}")
    inbox, recorder = SwitchedInbox(), Recorder()
    hooks = Webhooks(
        *providers, inbox=inbox, worker=worker, max_body_bytes=MAX_BODY_BYTES, observe=[recorder]
    )
    hooks.on(DocumentCompleted, name="book")(book)
    with adapter.serve(hooks) as wire:
        yield Endpoint(adapter, wire, hooks, inbox, recorder)
    hooks.close()


@pytest.fixture(scope="module", params=ADAPTERS)
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    with opened(
        ADAPTERS[request.param],
        acme(),
        KeyedAcme("key", webhook_secret="keyed-secret-for-tests"),
        PAIRED,
        SHAKING,
    ) as each:
        yield each


@pytest.fixture
def mark() -> str:
    """An id that no other test has."""
    return f"d{next(_numbers)}"


def delivery(body: bytes, **changes: Any) -> Request:
    return replace(Request(body, tuple(signed(body).items())), **changes)


def with_signature(body: bytes, *values: str | bytes) -> Request:
    return Request(body, (("Content-Type", "application/json"), *((SIGNATURE, value) for value in values)))


def signature_of(body: bytes) -> str:
    return signed(body)[SIGNATURE]


def padded(mark: str, size_bytes: int) -> bytes:
    """Write a delivery of an exact size."""
    bare = len(body_of(id=mark, padding=""))
    return body_of(id=mark, padding="x" * (size_bytes - bare))


def needs_socket(endpoint: Endpoint) -> None:
    if not endpoint.adapter.has_socket:
        pytest.skip("the gateway speaks HTTP, the function does not")


def needs_chunks(endpoint: Endpoint) -> None:
    if not endpoint.adapter.has_chunks:
        pytest.skip("this server hands over no chunked bodies")


# Answers


def test_an_authentic_delivery_is_answered_with_exactly_200(endpoint: Endpoint, mark: str) -> None:
    answer = endpoint.send(delivery(body_of(id=mark)))

    assert answer.status == 200
    assert answer.body == b'{"outcome":"accepted"}'
    assert answer.headers["content-type"] == "application/json"


def test_a_second_delivery_is_a_duplicate(endpoint: Endpoint, mark: str) -> None:
    endpoint.send(delivery(body_of(id=mark)))

    answer = endpoint.send(delivery(body_of(id=mark)))

    assert (answer.status, answer.outcome) == (200, "duplicate")


def test_what_nobody_listens_to_is_ignored(endpoint: Endpoint, mark: str) -> None:
    answer = endpoint.send(delivery(body_of("broken", id=mark)))

    assert (answer.status, answer.outcome) == (200, "ignored")


def test_a_store_that_is_away_asks_for_the_delivery_again(endpoint: Endpoint, mark: str) -> None:
    with endpoint.inbox.away():
        refused = endpoint.send(delivery(body_of(id=mark)))
    again = endpoint.send(delivery(body_of(id=mark)))

    assert (refused.status, refused.outcome) == (503, "unavailable")
    assert (again.status, again.outcome) == (200, "accepted")


def test_deliveries_at_the_same_time_are_each_answered(endpoint: Endpoint) -> None:
    ids = [f"d{next(_numbers)}" for _ in range(12)]

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(endpoint.send, [delivery(body_of(id=each)) for each in ids]))

    assert [answer.outcome for answer in answers] == ["accepted"] * 12
    assert None not in [endpoint.stored(each) for each in ids]


def test_a_handshake_is_answered_with_what_the_provider_wants_to_read(endpoint: Endpoint) -> None:
    greeting = Request(b"challenge \xe2\x82\xac", (("X-Hook-Secret", "abc"),), path="/shaking-acme")

    answer = endpoint.send(greeting)

    assert (answer.status, answer.body) == (200, greeting.body)
    assert answer.headers["content-type"].partition(";")[0] == "text/plain"
    assert answer.headers["x-hook-secret"] == "abc"


def test_an_answer_that_may_have_no_body_has_none(endpoint: Endpoint, mark: str) -> None:
    answer = endpoint.send(delivery(body_of(id=mark), path="/shaking-acme"))

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers.get("content-length", "0") == "0"
    assert endpoint.stored(mark)


# Bytes


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda body: body, id="compact"),
        pytest.param(lambda body: json.dumps(json.loads(body), indent=4).encode(), id="indented"),
        pytest.param(lambda body: body.replace(b", ", b",\r\n"), id="lines end in CR LF"),
        pytest.param(lambda body: body.replace(b", ", b",\r"), id="lines end in CR"),
        pytest.param(lambda body: body + b"\n\n \t", id="white space at the end"),
        pytest.param(lambda body: b"\xef\xbb\xbf" + body, id="byte order mark"),
        pytest.param(lambda body: body.replace(b"12.50", "12.50 € 日本".encode()), id="UTF-8"),
        pytest.param(lambda body: body.replace(b"12.50", b"\\u20ac \\ud83d\\ude00"), id="escapes"),
        pytest.param(lambda body: body.replace(b"12.50", b"a+b%20c&d=e;f"), id="looks like a form"),
        pytest.param(lambda body: body.replace(b"12.50", b"\x7f"), id="a control character"),
    ],
)
def test_the_stored_bytes_are_those_that_were_sent(endpoint: Endpoint, mark: str, change: Any) -> None:
    body = change(body_of(id=mark))

    answer = endpoint.send(delivery(body))

    assert answer.outcome == "accepted"
    assert endpoint.stored(mark) == body


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=latin-1",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "nonsense",
        "",
    ],
)
def test_no_content_type_makes_the_framework_touch_the_body(
    endpoint: Endpoint, mark: str, content_type: str
) -> None:
    body = body_of(id=mark)

    answer = endpoint.send(Request(body, (("Content-Type", content_type), (SIGNATURE, signature_of(body)))))

    assert answer.outcome == "accepted"
    assert endpoint.stored(mark) == body


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"{", b"[]", b"null", b"[" * 5000, b'{"event": "done"}', b"\x00"], ids=repr
)
def test_an_authentic_body_that_nobody_can_read_is_malformed(endpoint: Endpoint, body: bytes) -> None:
    answer = endpoint.send(delivery(body))

    is_mangled = body == b"\xff\xfe" and not endpoint.adapter.is_binary
    assert (answer.status, answer.outcome) == ((401, "bad_signature") if is_mangled else (400, "malformed"))


def test_an_empty_body_is_unsigned(endpoint: Endpoint) -> None:
    answer = endpoint.send(Request())

    assert (answer.status, answer.outcome) == (401, "unsigned")


def test_an_empty_body_that_is_signed_is_malformed(endpoint: Endpoint) -> None:
    answer = endpoint.send(delivery(b""))

    assert (answer.status, answer.outcome) == (400, "malformed")


# Headers


@pytest.mark.parametrize("write", [str.lower, str.upper, str.swapcase], ids=["lower", "upper", "mixed"])
def test_the_case_of_a_header_means_nothing(endpoint: Endpoint, mark: str, write: Any) -> None:
    body = body_of(id=mark)

    answer = endpoint.send(Request(body, ((write(SIGNATURE), signature_of(body)),)))

    assert answer.outcome == "accepted"


def test_white_space_around_a_signature_means_nothing(endpoint: Endpoint, mark: str) -> None:
    body = body_of(id=mark)

    answer = endpoint.send(with_signature(body, f"  {signature_of(body)} \t"))

    assert answer.outcome == "accepted"


def test_a_header_that_the_provider_reads_is_kept(endpoint: Endpoint, mark: str) -> None:
    body = body_of(id=mark)

    endpoint.send(Request(body, ((SIGNATURE, signature_of(body)), ("X-ACME-Region", "eu, north"))))

    row = endpoint.inbox.rows(Filter(key=f"done:{mark}")).result()[0]
    assert row.entry.headers == {"x-acme-region": "eu, north"}


@pytest.mark.parametrize("order", ["true, false", "false, true", "true, true", "false, false"])
def test_a_signature_that_comes_twice_is_refused(endpoint: Endpoint, mark: str, order: str) -> None:
    body = body_of(id=mark)
    values = [signature_of(body if word == "true" else b"other") for word in order.split(", ")]

    answer = endpoint.send(with_signature(body, *values))

    assert (answer.status, answer.outcome) == (401, "bad_signature")
    assert endpoint.stored(mark) is None


def test_a_list_in_two_headers_is_refused_where_the_framework_shows_both(
    endpoint: Endpoint, mark: str
) -> None:
    body = body_of(id=mark)
    pairs = PAIRED.signature.sign(body, PAIRED.secrets[0], now=time.time())[SIGNATURE]

    twice = endpoint.send(replace(with_signature(body, pairs, "v1=00"), path="/paired-acme"))
    once = endpoint.send(replace(with_signature(body, f"{pairs},v1=00"), path="/paired-acme"))

    # A server that has joined them has made one list of two, which is what the scheme takes.
    assert twice.status == (401 if endpoint.adapter.keeps_duplicates else 200)
    assert once.status == 200


def test_no_signature_is_refused(endpoint: Endpoint, mark: str) -> None:
    answer = endpoint.send(Request(body_of(id=mark)))

    assert (answer.status, answer.outcome) == (401, "unsigned")
    assert endpoint.stored(mark) is None


@pytest.mark.parametrize(
    ("signature", "outcome"),
    [
        ("", "unsigned"),
        ("sha256=", "bad_signature"),
        ("sha256=" + "0" * 64, "bad_signature"),
        ("sha256=\u00e9".encode("latin-1"), "bad_signature"),
        ("sha256=\u65e5\u672c".encode(), "bad_signature"),
        (b"\xff\xfe\x80", "bad_signature"),
        ("a" * 3000, "bad_signature"),
    ],
    ids=["empty", "no digest", "wrong digest", "latin-1", "UTF-8", "no text", "long"],
)
def test_a_signature_that_does_not_fit_is_refused(
    endpoint: Endpoint, mark: str, signature: str | bytes, outcome: str
) -> None:
    answer = endpoint.send(with_signature(body_of(id=mark), signature))

    assert (answer.status, answer.outcome) == (401, outcome)
    assert endpoint.stored(mark) is None


def test_one_changed_byte_is_refused(endpoint: Endpoint, mark: str) -> None:
    body = body_of(id=mark)

    answer = endpoint.send(with_signature(body.replace(b"12.50", b"92.50"), signature_of(body)))

    assert (answer.status, answer.outcome) == (401, "bad_signature")


# Methods


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_but_post_is_refused(endpoint: Endpoint, mark: str, method: str) -> None:
    body = body_of(id=mark)
    sent = delivery(b"" if method == "GET" else body, method=method)

    answer = endpoint.send(sent)

    assert (answer.status, answer.outcome) == (405, "wrong_method")
    assert answer.headers["allow"] == "POST"
    assert endpoint.stored(mark) is None


def test_head_is_refused_without_a_body(endpoint: Endpoint) -> None:
    answer = endpoint.send(Request(method="HEAD"))

    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


# Compression


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "x-unheard-of", "gzip, identity"])
def test_a_compressed_body_is_refused_and_never_unpacked(endpoint: Endpoint, mark: str, coding: str) -> None:
    packed = zlib.compress(body_of(id=mark)) if coding == "deflate" else gzip.compress(body_of(id=mark))
    sent = delivery(packed)

    answer = endpoint.send(replace(sent, headers=(*sent.headers, ("Content-Encoding", coding))))

    # aiohttp itself refuses with 400 what it cannot unpack.
    assert answer.status == 400 or (answer.status, answer.outcome) == (415, "wrong_content_type")
    assert endpoint.stored(mark) is None


def test_a_body_that_says_it_is_not_compressed_is_accepted(endpoint: Endpoint, mark: str) -> None:
    sent = delivery(body_of(id=mark))

    answer = endpoint.send(replace(sent, headers=(*sent.headers, ("Content-Encoding", "identity"))))

    assert answer.outcome == "accepted"


def test_a_body_that_is_not_what_its_coding_says_is_refused(endpoint: Endpoint, mark: str) -> None:
    sent = delivery(body_of(id=mark))

    answer = endpoint.send(replace(sent, headers=(*sent.headers, ("Content-Encoding", "gzip"))))

    assert answer.status in (400, 415)
    assert endpoint.stored(mark) is None


# Pieces


@pytest.mark.parametrize("size_bytes", [1, 7, 4096])
def test_a_body_in_chunks_is_put_together(endpoint: Endpoint, mark: str, size_bytes: int) -> None:
    needs_chunks(endpoint)
    body = padded(mark, 300)
    chunks = [body[start : start + size_bytes] for start in range(0, len(body), size_bytes)]

    answer = endpoint.send(delivery(body, chunks=chunks))

    assert answer.outcome == "accepted"
    assert endpoint.stored(mark) == body


def test_a_slow_body_is_waited_for(endpoint: Endpoint, mark: str) -> None:
    needs_chunks(endpoint)
    body = body_of(id=mark)

    answer = endpoint.send(delivery(body, chunks=[body[:10], body[10:20], body[20:]], pause=0.02))

    assert answer.outcome == "accepted"


def test_no_chunk_at_all_is_an_empty_body(endpoint: Endpoint) -> None:
    needs_chunks(endpoint)

    answer = endpoint.send(delivery(b"", chunks=[]))

    assert (answer.status, answer.outcome) == (400, "malformed")


def test_a_server_without_chunks_refuses_them(endpoint: Endpoint, mark: str) -> None:
    if endpoint.adapter.has_chunks:
        pytest.skip("this one takes them")
    body = body_of(id=mark)

    answer = endpoint.send(delivery(body, chunks=[body]))

    assert (answer.status, answer.outcome) == (400, "malformed")


# Sizes


def test_a_body_at_the_cap_is_accepted(endpoint: Endpoint, mark: str) -> None:
    body = padded(mark, MAX_BODY_BYTES)

    answer = endpoint.send(delivery(body))

    assert answer.outcome == "accepted"
    assert endpoint.stored(mark) == body


def test_a_chunked_body_at_the_cap_is_accepted(endpoint: Endpoint, mark: str) -> None:
    needs_chunks(endpoint)
    body = padded(mark, MAX_BODY_BYTES)

    answer = endpoint.send(delivery(body, chunks=[body[:1000], body[1000:]]))

    assert answer.outcome == "accepted"


def test_one_byte_above_the_cap_is_too_large(endpoint: Endpoint, mark: str) -> None:
    answer = endpoint.send(delivery(padded(mark, MAX_BODY_BYTES + 1)))

    assert (answer.status, answer.outcome) == (413, "too_large")
    assert endpoint.stored(mark) is None


def test_observers_hear_of_every_answer_also_of_what_was_not_read(endpoint: Endpoint, mark: str) -> None:
    endpoint.recorder.seen.clear()

    answers = [
        endpoint.send(delivery(body_of(id=mark))),
        endpoint.send(delivery(padded(f"{mark}-large", MAX_BODY_BYTES + 1))),
    ]

    told = endpoint.recorder.of(DeliveryReceived)
    assert told == [DeliveryReceived("acme", each.outcome) for each in answers]
    assert [each.outcome for each in told] == ["accepted", "too_large"]


def test_one_byte_above_the_cap_in_chunks_is_too_large(endpoint: Endpoint, mark: str) -> None:
    needs_chunks(endpoint)
    body = padded(mark, MAX_BODY_BYTES + 1)

    answer = endpoint.send(delivery(body, chunks=[body[:1000], body[1000:]]))

    assert (answer.status, answer.outcome) == (413, "too_large")
    assert endpoint.stored(mark) is None


def test_what_announces_too_much_is_refused_before_it_is_read(endpoint: Endpoint) -> None:
    needs_socket(endpoint)
    if not endpoint.adapter.caps_while_reading:
        pytest.skip("this framework reads the body before anybody is asked")

    answer = endpoint.send(Request(content_length=str(200 * 1024 * 1024)))

    assert (answer.status, answer.outcome) == (413, "too_large")


def test_an_endless_body_is_cut_off_at_the_cap(endpoint: Endpoint) -> None:
    needs_socket(endpoint)
    needs_chunks(endpoint)
    if not endpoint.adapter.caps_while_reading:
        pytest.skip("this framework reads the body before anybody is asked")
    piece = b"%x\r\n%b\r\n" % (MAX_BODY_BYTES, b"x" * MAX_BODY_BYTES)

    sent_pieces, answer = 0, None
    with socket.create_connection(("127.0.0.1", endpoint.wire.port), PATIENCE) as wire:
        wire.sendall(Request(chunks=[b""]).head(endpoint.wire.prefix))
        reader = threading.Thread(target=lambda: answers.append(read_answer(wire, "POST")))
        answers: list[Answer] = []
        reader.start()
        with contextlib.suppress(ConnectionError):
            while reader.is_alive() and sent_pieces < 400:
                wire.sendall(piece)
                sent_pieces += 1
        reader.join(PATIENCE)
        answer = answers[0] if answers else None

    assert sent_pieces < 400, "100 MB went in"
    assert answer is None or answer.status == 413


# Lengths that are not true


@pytest.mark.parametrize("length", ["x", "-1", "1_0", "+5", "0x10"])
def test_a_length_that_is_no_number_is_refused(endpoint: Endpoint, mark: str, length: str) -> None:
    answer = endpoint.send(delivery(body_of(id=mark), content_length=length))

    # Most servers see it before we do.
    assert 400 <= answer.status < 500
    assert endpoint.stored(mark) is None


def test_a_length_that_is_too_small_is_refused(endpoint: Endpoint, mark: str) -> None:
    needs_socket(endpoint)
    body = body_of(id=mark)

    answer = endpoint.send(delivery(body, content_length=str(len(body) - 5)))

    # A server may refuse it for the bytes that are left over.
    assert answer.status in (400, 401)
    assert endpoint.stored(mark) is None


def test_a_body_that_breaks_off_is_not_taken(endpoint: Endpoint, mark: str) -> None:
    needs_socket(endpoint)
    body = body_of(id=mark)
    request = delivery(body, content_length=str(len(body) + 5))

    with socket.create_connection(("127.0.0.1", endpoint.wire.port), PATIENCE) as wire:
        wire.sendall(request.head(endpoint.wire.prefix) + body)
        wire.shutdown(socket.SHUT_WR)
        said = wire.makefile("rb").readline()

    # Some servers close without a word: the sender has gone.
    assert said == b"" or said.split()[1] == b"400"
    assert endpoint.stored(mark) is None


def test_a_chunked_body_that_breaks_off_is_not_taken(endpoint: Endpoint, mark: str) -> None:
    needs_socket(endpoint)
    needs_chunks(endpoint)
    body = body_of(id=mark)
    request = delivery(body, chunks=[body])

    with socket.create_connection(("127.0.0.1", endpoint.wire.port), PATIENCE) as wire:
        wire.sendall(request.head(endpoint.wire.prefix) + b"%x\r\n" % len(body) + body[:20])
        wire.shutdown(socket.SHUT_WR)
        said = wire.makefile("rb").readline()

    assert said == b"" or said.split()[1] == b"400"
    assert endpoint.stored(mark) is None


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "/acme",
        "/acme/",
        "//acme",
        "/acme//",
        "/v1/hooks/acme",
        "/%61cme",
        "/acme?source=proxy&x=%2F",
        "/a%20b/acme",
        "/%2Facme",
    ],
)
def test_the_last_part_of_the_path_names_the_provider(endpoint: Endpoint, mark: str, path: str) -> None:
    answer = endpoint.send(delivery(body_of(id=mark), path=path))

    assert (answer.status, answer.outcome) == (200, "accepted")


@pytest.mark.parametrize(
    "path", ["/docuparse", "/ACME", "/acme/other", "/acm%C3%A9", "/acme%00", "/", "/acme%2Fother"]
)
def test_a_path_that_names_no_provider_is_unknown(endpoint: Endpoint, mark: str, path: str) -> None:
    answer = endpoint.send(delivery(body_of(id=mark), path=path))

    assert (answer.status, answer.outcome) == (404, "unknown_provider")
    assert endpoint.stored(mark) is None


def test_each_provider_has_its_own_secret(endpoint: Endpoint, mark: str) -> None:
    body = body_of(id=mark)
    theirs = tuple(signed(body, "keyed-secret-for-tests").items())

    right = endpoint.send(Request(body, theirs, path="/keyed-acme"))
    wrong = endpoint.send(delivery(body, path="/keyed-acme"))

    assert (right.status, right.outcome) == (200, "accepted")
    assert (wrong.status, wrong.outcome) == (401, "bad_signature")


# Alone, and with a worker


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return ADAPTERS[request.param]


def test_one_provider_needs_no_name_and_its_handlers_run(adapter: Adapter, mark: str) -> None:
    ran: SimpleQueue[bytes] = SimpleQueue()
    worker = "embedded" if adapter.has_socket else "inline"

    with opened(adapter, acme(), book=lambda event: ran.put(event.body), worker=worker) as endpoint:
        answer = endpoint.send(delivery(body_of(id=mark), path="/"))
        assert answer.outcome == "accepted"
        ran_with = ran.get(timeout=PATIENCE)

    assert ran_with == body_of(id=mark)
