"""What the commands are made of, without starting one."""

from __future__ import annotations

import asyncio
import io
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import Client
from paperhook.cli import client_commands, demo, listening, main, stats_output
from paperhook.cli.choosing import chosen
from paperhook.cli.demo_output import TableShow
from paperhook.cli.output import never_fail_to_print
from paperhook.cli.sending import Outgoing, planned
from paperhook.cli.uploading import Order
from paperhook.cli.worker_command import load
from paperhook.core.secret import Secret
from paperhook.errors import ConfigurationError, MissingExtra
from paperhook.providers.declared import declared
from paperhook.providers.docuparse import DocuParse
from paperhook.sample_deliveries import sample_delivery
from paperhook.simulator import Fault, FaultPlan
from paperhook.testing.signing import LOCAL_SECRET, sign
from tests.acme import acme
from tests.hostile import free_port
from tests.test_client import wait_until

from .running import lines, run


def told_by_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["paperhook", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("worker", "nonsense"), 2, "module:name"),
        (("trigger", "document.completed", "--to", "http://127.0.0.1:9/", "-p", "docuparse"), 1, "receiver"),
    ],
)
def test_a_mistake_is_a_message_and_an_exit_code(
    arguments: tuple[str, ...],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told_by_main(monkeypatch, *arguments) == code

    assert said in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_output_that_finds_no_room_is_told(
    how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Unbuffered, so that nothing is left to be written when it is closed.
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(full, write_through=True))

        assert told_by_main(monkeypatch, "providers", *how) == 1

    assert capsys.readouterr().err.endswith("paperhook: No space left on device\n")


def test_a_stream_that_encodes_nothing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = io.StringIO()
    monkeypatch.setattr(sys, "stdout", plain)

    never_fail_to_print()
    print("é", end="")

    assert plain.getvalue() == "é"


def test_a_refusal_of_ours_while_an_application_is_imported_is_told_as_it_is(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "app_without_key.py").write_text(
        "from paperhook.errors import ConfigurationError\nraise ConfigurationError('no key')\n"
    )
    monkeypatch.syspath_prepend(str(workplace))

    with pytest.raises(ConfigurationError, match=r"^no key$"):
        load("app_without_key:hooks")


def test_who_has_no_journal_is_told_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    with Client(acme()) as client:
        client_commands._tell_how_to_go_on(
            client, Order([], [], concurrency=1, in_batches=False, how_to_go_on="paperhook upload")
        )

    assert "there is no journal" in capsys.readouterr().err


def test_nothing_open_has_nothing_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    stats_output._show_jobs({"open": 0, "oldest_open_seconds": None, "unknown": 0, "settled": 3})

    assert capsys.readouterr().out.endswith("3 ended\n")


def test_a_delayed_delivery_waits_and_says_so() -> None:
    (sent,) = planned([Outgoing("one", b"{}")], FaultPlan((Fault("delay", seconds=3.0),)))

    assert (sent.wait, sent.fault) == (3.0, "delay")


# listen


def listened(listener: listening.Listener, body: bytes, headers: dict[str, str], chunks: int = 1) -> int:
    """Send one request in so many parts; give the status."""
    size = -(-len(body) // chunks)
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    waiting = [{"type": "http.request", "body": each, "more_body": True} for each in parts]
    waiting[-1]["more_body"] = False
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(listener({"type": "http", "method": "POST", "headers": encoded}, receive, send))
    status: int = sent[0]["status"]
    return status


def listener_for(name: str, shown: list[listening.Arrival]) -> listening.Listener:
    return listening.Listener(chosen(name, None, None, [Secret(LOCAL_SECRET)]).checked(), shown.append)


def test_a_delivery_in_parts_is_shown_as_one_object_without_content() -> None:
    provider, shown = DocuParse("key", webhook_secret=LOCAL_SECRET), []
    body = sample_delivery(provider, "document.completed", "abcd1234")[0]
    headers = dict(sign(provider, body, secret=LOCAL_SECRET).headers)
    listener = listener_for("docuparse", shown)

    statuses = [listened(listener, body, headers, chunks) for chunks in (3, 1)]

    assert statuses == [200, 200]
    first, again = (each.row() for each in shown)
    assert (first["outcome"], again["outcome"]) == ("accepted", "duplicate")
    assert (first["status"], first["size_bytes"], first["reasons"]) == (200, len(body), [])
    assert first["events"][0]["document_id"] == "doc_abcd1234"
    assert "forwarded" not in first


def test_only_so_many_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    provider, shown = DocuParse("key", webhook_secret=LOCAL_SECRET), []
    monkeypatch.setattr(listening, "_REMEMBERED", 1)
    listener = listener_for("docuparse", shown)

    for mark in ("abcd1234", "abcd5678", "abcd1234"):
        body = sample_delivery(provider, "document.completed", mark)[0]
        listened(listener, body, dict(sign(provider, body, secret=LOCAL_SECRET).headers))

    assert [each.outcome for each in shown] == ["accepted"] * 3
    assert len(listener._seen) == 1


def test_a_handshake_is_answered_and_shown() -> None:
    shown: list[listening.Arrival] = []

    body = b'{"eventType": "VERIFICATION", "challenge": "abc123"}'
    provider = declared("limai", webhook_secret=LOCAL_SECRET)
    headers = dict(sign(provider, body, secret=LOCAL_SECRET).headers)

    status = listened(listener_for("limai", shown), body, headers)

    assert (status, shown[0].outcome) == (200, "handshake")


def test_listen_prints_an_object_for_each_delivery_and_nothing_else() -> None:
    port = free_port()

    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(run, "listen", "--port", str(port), "--count", "1", "--json")
        wait_until(lambda: is_open(port) or listening.done())
        httpx.post(f"http://127.0.0.1:{port}/", content=b"{}", headers={"X-Signature": "00"})
        result = listening.result(30)

    (shown,) = lines(result)
    assert (shown["outcome"], shown["status"], shown["size_bytes"]) == ("unchecked", 200, 2)
    assert shown["reasons"][0] == "x-signature is there"


def is_open(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


# demo


def test_a_demo_without_a_reader_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)

    result = run("demo")

    assert isinstance(result.exception, MissingExtra)
    assert "paperhook[demo]" in str(result.exception)


def test_a_document_that_did_not_end_is_shown_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    report = demo.Report("a.pdf", "acme", error_code="WaitTimeout", error_message="still processing")
    report.result = report.result.model_copy(update={"warnings": ("total: no amount",)})

    TableShow().report(report)

    assert capsys.readouterr().out.splitlines() == [
        "a.pdf to acme, on this machine",
        "  not ended: WaitTimeout: still processing",
        "  warning: total: no amount",
        "",
    ]
