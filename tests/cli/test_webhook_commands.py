"""Webhooks by hand: sign and send one, check one, show those that arrive."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from paperhook import Webhooks
from paperhook.cli.sending import _outcome_of
from paperhook.errors import ConfigurationError, TransportError
from paperhook.providers import PROVIDERS, provider_class
from paperhook.providers.declared import declared
from paperhook.providers.docuparse import DocuParse
from paperhook.sample_deliveries import sample_delivery
from paperhook.testing.signing import LOCAL_SECRET, sign
from paperhook.webhooks.signatures import READY

from .running import lines, program, run

NOW = 1_760_000_000.0
SECRET = "a-secret-for-this-test"


# A receiver that is not the command's


@dataclass
class Inbound:
    """A server on loopback that answers with a `Webhooks` and keeps what arrived."""

    hooks: Webhooks
    arrived: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def inbound() -> Iterator[Any]:
    opened: list[tuple[ThreadingHTTPServer, threading.Thread, Inbound]] = []

    def start(*providers: Any) -> Inbound:
        hooks = Webhooks(*providers, inbox="memory:", worker="external")
        hooks.on("*")(lambda event: None)
        kept = Inbound(hooks)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.arrived.append(({name.lower(): value for name, value in self.headers.items()}, body))
                reply = hooks.receive(self.headers, body)
                self.send_response(reply.status)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        kept.url = f"http://127.0.0.1:{server.server_port}/"
        opened.append((server, thread, kept))
        return kept

    yield start
    for server, thread, kept in opened:
        server.shutdown()
        server.server_close()
        thread.join()
        kept.hooks.close()


def docuparse(secret: str = LOCAL_SECRET) -> DocuParse:
    return DocuParse("key", webhook_secret=secret)


# trigger


def test_an_event_that_the_provider_never_pushes_is_refused():
    result = run("trigger", "document.failed", "--to", "http://127.0.0.1:9/", "--provider", "docuprox")

    assert isinstance(result.exception, ConfigurationError)
    assert "document.completed" in str(result.exception)


def test_a_receiver_that_is_not_there_is_said():
    result = run("trigger", "document.completed", "--to", "http://127.0.0.1:9/", "--provider", "docuparse")

    assert isinstance(result.exception, TransportError)
    assert "is your receiver running" in str(result.exception)


def test_what_is_no_url_is_said():
    result = run("trigger", "document.completed", "--to", "localhost", "--provider", "docuparse")

    listening = run("listen", "--forward", "localhost:8000", "--port", "0")

    assert isinstance(result.exception, ConfigurationError)
    assert "'localhost' is no URL: write one such as http://" in str(result.exception)
    assert isinstance(listening.exception, ConfigurationError)
    assert "'localhost:8000' is no URL: write one such as http://" in str(listening.exception)


def test_letters_that_no_header_has_are_sent_and_checked_as_utf8(inbound, tmp_path):
    secret = "ein-geheimes-Wort-für-Zoë"
    receiver = inbound(provider_class("docuprox")("key", webhook_secret=secret))
    given = ("-p", "docuprox", "--secret", secret)

    sent = run("trigger", "document.completed", "--to", receiver.url, *given)
    [(_, body)] = receiver.arrived
    (tmp_path / "body.json").write_bytes(body)
    saved = ("--body", str(tmp_path / "body.json"))
    again = run("send", *saved, "-H", "X-Note: Zoë", "--to", receiver.url, *given)
    checked = run("verify", *saved, "-H", f"X-Webhook-Token: {secret}", *given)
    refused = run("send", *saved, "-H", "X-Ünder: a", "--to", receiver.url, *given)

    assert (sent.exit_code, again.exit_code, checked.exit_code) == (0, 0, 0)
    assert receiver.arrived[1][0]["x-note"].encode("latin-1").decode() == "Zoë"
    assert "is no header" in str(refused.exception)


def test_a_redirect_says_where_it_points():
    answer = httpx.Response(307, headers={"Location": "http://127.0.0.1:8000/webhooks/"})

    assert _outcome_of(answer).startswith("redirect to http://127.0.0.1:8000/webhooks/, which no provider")


def test_trigger_sends_as_many_events_as_asked_for_and_tells_how_each_was_answered(inbound):
    receiver = inbound(docuparse())

    result = run(
        "trigger", "document.completed", "--to", receiver.url, "-p", "docuparse", "--times", "3", "--json"
    )

    assert result.exit_code == 0
    assert [(row["status"], row["outcome"]) for row in lines(result)] == [(200, "accepted")] * 3
    assert all(row["milliseconds"] > 0 for row in lines(result))


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ("duplicate", ["accepted", "duplicate"] * 2),
        ("duplicate=1x", ["accepted", "duplicate", "accepted"]),
        ("drop=1x", ["accepted"]),
        ("reorder=1x", ["accepted", "accepted"]),
        ("tamper=1x", ["bad_signature", "accepted"]),
        ("wrong-signature", ["bad_signature", "bad_signature"]),
    ],
)
def test_faults_are_committed_and_a_forgery_has_to_be_refused(inbound, fault: str, outcomes: list[str]):
    receiver = inbound(docuparse())

    result = run(
        *("trigger", "document.completed", "--to", receiver.url, "-p", "docuparse", "--times", "2"),
        *("--fault", fault, "--json"),
    )

    assert result.exit_code == 0
    assert [row["outcome"] for row in lines(result)] == outcomes


def test_a_stale_delivery_is_sent_where_the_time_is_signed(inbound):
    receiver = inbound(declared("plextera", webhook_secret=LOCAL_SECRET))

    result = run("trigger", "document.completed", "--to", receiver.url, "-p", "plextera", "--fault", "stale")

    assert result.exit_code == 0
    assert re.fullmatch(r"401  [\d.]+ ms  stale  document.completed  \(stale\)\n", result.stdout)


@pytest.mark.parametrize(
    ("provider", "fault", "words"),
    [
        ("docuparse", "stale", "no timestamp is signed"),
        ("docuprox", "tamper", "the body is not signed"),
        ("eden-ai", "wrong_signature", "nothing is signed"),
        ("docuparse", "throttle", "a delivery can have duplicate"),
    ],
)
def test_a_fault_that_makes_no_sense_is_told(inbound, provider: str, fault: str, words: str):
    result = run("trigger", "document.completed", "--to", "http://x/", "-p", provider, "--fault", fault)

    assert isinstance(result.exception, ConfigurationError)
    assert words in str(result.exception)


def test_a_receiver_that_accepts_a_forgery_is_exit_code_1(inbound):
    receiver = inbound(DocuParse("key", unsigned="accept"))

    result = run(
        "trigger", "document.completed", "--to", receiver.url, "-p", "docuparse", "--fault", "tamper"
    )

    assert result.exit_code == 1


def test_data_is_merged_over_the_made_up_body(inbound, tmp_path: Path):
    receiver = inbound(docuparse())
    data = tmp_path / "data.json"
    data.write_text('{"data": {"total": "9.99", "merchant": null}}')

    result = run(
        "trigger", "document.completed", "--to", receiver.url, "-p", "docuparse", "--data", str(data)
    )

    [(_, body)] = receiver.arrived
    assert result.exit_code == 0
    assert json.loads(body)["data"]["total"] == "9.99"
    assert "merchant" not in json.loads(body)["data"]


def test_data_that_cannot_be_read_is_told_so(tmp_path: Path):
    result = run(
        "trigger", "document.completed", "--to", "http://x/", "-p", "docuparse", "--data", str(tmp_path)
    )

    assert isinstance(result.exception, ConfigurationError)
    assert "Is a directory" in str(result.exception)


@pytest.mark.parametrize("content", ["[1]", "nonsense", '{"total": NaN}', "[" * 100_000])
def test_data_that_is_no_object_is_refused(tmp_path: Path, content: str):
    data = tmp_path / "data.json"
    data.write_text(content)

    result = run("trigger", "document.completed", "--to", "http://x/", "-p", "docuparse", "--data", str(data))

    assert isinstance(result.exception, ConfigurationError)


@pytest.mark.parametrize("name", ["mindee", "digiparser", "datalab", "eden-ai", "textract-sns", "plextera"])
def test_declared_providers_are_triggered_too(inbound, name: str):
    secret = "whsec_cGFwZXJob29rLWxvY2FsLXNlY3JldA==" if name == "digiparser" else SECRET
    settings = {"unsigned": "accept"} if name in ("eden-ai", "textract-sns") else {"webhook_secret": secret}
    receiver = inbound(declared(name, **settings))
    options = () if "unsigned" in settings else ("--secret", secret)

    result = run("trigger", "document.completed", "--to", receiver.url, "-p", name, *options)

    assert result.exit_code == 0, result.stdout
    assert "accepted" in result.stdout


MINE = """
name = "mine"
[signature]
kind = "hmac"
header = "X-Mine"
[events]
type = "event"
[events.words]
done = "document.completed"
[ids]
job = "id"
"""


def test_a_declaration_of_ones_own_is_triggered_by_its_path(inbound, tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    from paperhook.providers.generic import Generic

    receiver = inbound(Generic.from_toml(path, webhook_secret=SECRET))

    result = run(
        *("trigger", "document.completed", "--to", receiver.url, "-p", str(path)),
        env={"MINE_WEBHOOK_SECRET": SECRET},
    )

    assert result.exit_code == 0, result.exception


def test_a_provider_that_does_not_declare_how_it_signs_needs_a_scheme(inbound):
    told = run("trigger", "document.completed", "--to", "http://x/", "-p", "anyformat")
    receiver = inbound(declared("anyformat", webhook_secret=SECRET, scheme=READY["github"]))

    result = run(
        *("trigger", "document.completed", "--to", receiver.url, "-p", "anyformat", "--scheme", "github"),
        *("--secret", SECRET),
    )

    assert "--scheme" in str(told.exception)
    assert result.exit_code == 0, result.exception


# send


def test_send_signs_any_body_with_a_scheme_and_keeps_its_bytes(inbound, tmp_path: Path):
    receiver = inbound(docuparse())
    body = tmp_path / "body.txt"
    body.write_bytes(b"any\r\nbytes \xff")

    result = run(
        *("send", "--body", str(body), "--to", receiver.url, "--scheme", "stripe", "--secret", SECRET),
        *("-H", "Content-Type: text/plain", "-H", "X-Own: 1"),
    )

    [(headers, content)] = receiver.arrived
    assert result.exit_code == 1
    assert content == b"any\r\nbytes \xff"
    assert headers["content-type"] == "text/plain"
    assert headers["x-own"] == "1"
    assert headers["stripe-signature"].startswith("t=")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-H", "Content-Length: 5"], "goes by the body"),
        (["-H", "A: b\r\nC: d"], "'a' cannot be sent"),
        (["-H", "A B: c"], "cannot be sent"),
        (["-H", "A: \x00"], "cannot be sent"),
        (["--to", "http://127.0.0.1:99999/"], "is no URL"),
        (["--to", "http:///x"], "is no URL"),
        (["--to", "x"], "is no URL"),
    ],
)
def test_what_cannot_be_sent_is_told_before_anything_is(tmp_path: Path, options: list[str], words: str):
    body = tmp_path / "body.json"
    body.write_bytes(b"{}")

    result = run("send", "-p", "docuparse", "--body", str(body), "--to", "http://127.0.0.1:1/", *options)

    assert isinstance(result.exception, ConfigurationError)
    assert words in str(result.exception)


def test_more_deliveries_than_memory_holds_are_refused(tmp_path: Path):
    body = tmp_path / "body.json"
    body.write_bytes(b"{}")

    result = run("send", "-p", "docuparse", "--body", str(body), "--to", "http://x/", "--times", "9" * 30)

    assert result.exit_code == 2


def test_send_signs_as_a_provider_does(inbound, tmp_path: Path):
    receiver = inbound(docuparse(SECRET))
    body = tmp_path / "body.json"
    body.write_bytes(sample_delivery(docuparse(), "document.failed", "abcd1234")[0])

    result = run(
        "send",
        "--body",
        str(body),
        "--to",
        receiver.url,
        "-p",
        "docuparse",
        "--secret",
        SECRET,
        "--times",
        "2",
    )

    assert result.exit_code == 0
    assert "accepted" in result.stdout
    assert "duplicate" in result.stdout


def test_an_answer_that_is_not_ours_is_shown_as_text(tmp_path: Path):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None: ...

    body = tmp_path / "body.json"
    body.write_bytes(b"{}")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        result = run("send", "--body", str(body), "--to", url, "--scheme", "line", "--secret", SECRET)
        server.shutdown()
        thread.join()

    assert '"ok"' in result.stdout


# Secrets


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_without_its_last_line_break(inbound, tmp_path: Path, ending: str):
    receiver = inbound(docuparse(SECRET))
    secret = tmp_path / "secret"
    secret.write_text(SECRET + ending, newline="")

    result = run(
        *("trigger", "document.completed", "--to", receiver.url, "-p", "docuparse"),
        *("--secret-file", str(secret)),
    )

    assert result.exit_code == 0, result.exception


def test_a_secret_comes_from_standard_input_or_a_variable(inbound):
    receiver = inbound(docuparse(SECRET))
    asked = ("trigger", "document.completed", "--to", receiver.url, "-p", "docuparse")

    by_pipe = run(*asked, "--secret-file", "-", input=f"{SECRET}\n")
    by_variable = run(*asked, "--secret-env", "MY_SECRET", env={"MY_SECRET": SECRET})
    by_default = run(*asked, env={"DOCUPARSE_WEBHOOK_SECRET": SECRET})

    assert (by_pipe.exit_code, by_variable.exit_code, by_default.exit_code) == (0, 0, 0)


def test_a_variable_that_is_not_set_is_told_with_those_that_are():
    result = run(
        *("trigger", "document.completed", "--to", "http://x/", "-p", "docuparse", "--secret-env", "NOPE"),
        env={"MINE_WEBHOOK_SECRET": SECRET},
    )

    assert "NOPE is not set; there is MINE_WEBHOOK_SECRET" in str(result.exception)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--secret", SECRET + " "), "white space at an end"),
        (("--secret", "short"), "at least 16"),
        (("--secret-file", "no-such-file"), "no-such-file: No such file"),
        (("--scheme", "nope"), "choose one of standard-webhooks"),
        (("--set", "header=X"), "--set belongs to --scheme"),
        (("--scheme", "hmac"), "header: Field required"),
        (("--scheme", "hmac", "--set", "nonsense"), "write name=value"),
        (("--scheme", "hmac", "--set", "header=X", "--set", "tolerance=soon"), "write seconds"),
        (("--scheme", "hmac", "--set", "header=X", "--set", "digest=md5"), "digest"),
    ],
)
def test_what_cannot_sign_is_told_before_anything_is_sent(options: tuple[str, ...], words: str):
    result = run("trigger", "document.completed", "--to", "http://x/", "-p", "docuparse", *options)

    assert isinstance(result.exception, ConfigurationError)
    assert words in str(result.exception)
    assert SECRET not in str(result.exception)


def test_neither_provider_nor_scheme_is_told(tmp_path: Path):
    body = tmp_path / "body.json"
    body.write_bytes(b"{}")

    sent = run("send", "--body", str(body), "--to", "http://x/")
    triggered = run("trigger", "document.completed", "--to", "http://x/", "--scheme", "line")
    unknown = run("send", "--body", str(body), "--to", "http://x/", "-p", "acme")
    unread = run("send", "--body", str(body), "--to", "http://x/", "-p", "./nope.toml")

    assert "write --provider NAME or --scheme NAME" in str(sent.exception)
    assert "whose event" in str(triggered.exception)
    assert "mindee" in str(unknown.exception)
    assert "cannot be read" in str(unread.exception)


# verify


@dataclass
class Saved:
    """A delivery as somebody saved it."""

    body: Path
    headers: list[str]

    def verify(self, *options: str, **more: Any) -> Any:
        given = [option for line in self.headers for option in ("-H", line)]
        return run("verify", "--body", str(self.body), *given, *options, **more)


def saved(
    folder: Path, signer: Any, body: bytes, secret: str = SECRET, now: float = NOW, kept: bytes | None = None
) -> Saved:
    path = folder / "body.json"
    path.write_bytes(body if kept is None else kept)
    headers = sign(signer, body, secret=secret, now=now).headers
    return Saved(path, [f"{name}: {value}" for name, value in headers.items()])


EVENT = sample_delivery(docuparse(), "document.completed", "abcd1234")[0]


def test_verify_says_what_a_delivery_means_and_which_secret_matched(tmp_path: Path):
    delivery = saved(tmp_path, docuparse(), EVENT)

    result = delivery.verify(
        "-p", "docuparse", "--secret-env", "OLD", "--secret", SECRET, "--json", env={"OLD": "x" * 20}
    )

    (found,) = lines(result)
    assert result.exit_code == 0
    assert (found["type"], found["document_id"], found["secret"]) == (
        "document.completed",
        "doc_abcd1234",
        "--secret",
    )
    assert "type=document.completed" in delivery.verify("-p", "docuparse", "--secret", SECRET).stdout


def test_verify_takes_a_scheme_alone(tmp_path: Path):
    delivery = saved(tmp_path, READY["slack"], b"text=1")

    right = delivery.verify("--scheme", "slack", "--secret", SECRET, "--now", str(NOW))
    as_json = delivery.verify("--scheme", "slack", "--secret", SECRET, "--now", str(NOW), "--json")
    own = delivery.verify(
        *(
            "--scheme",
            "hmac",
            "--set",
            "header=X-Slack-Signature",
            "--set",
            "prefix=v0=",
            "--set",
            "any_case=true",
        ),
        *("--set", "content=v0:{timestamp}:{body}", "--set", "timestamp_header=X-Slack-Request-Timestamp"),
        *("--set", "tolerance=60", "--secret", SECRET, "--now", str(NOW + 50)),
    )

    assert (right.exit_code, own.exit_code) == (0, 0)
    assert right.stdout == "authentic: --secret matched\n"
    assert lines(as_json) == [{"secret": "--secret"}]


def test_verify_says_how_old_a_delivery_is(tmp_path: Path):
    delivery = saved(tmp_path, READY["stripe"], EVENT)

    result = delivery.verify("--scheme", "stripe", "--secret", SECRET, "--now", str(NOW + 420))

    assert result.exit_code == 1
    assert "stale: Stripe-Signature: the timestamp is 420 s old, the tolerance is 300 s" in result.stdout


@pytest.mark.parametrize(
    ("options", "kept", "words"),
    [
        (("--secret", SECRET), EVENT + b"\n", "a line break at its end was added"),
        (("--secret", SECRET), json.dumps(json.loads(EVENT), indent=2).encode(), "written again as JSON"),
        (("--secret", SECRET + "\n"), EVENT, "has white space at an end"),
        (("--secret", f"'{SECRET}'"), EVENT, "quotation marks"),
    ],
)
def test_verify_says_which_mistake_was_made(
    tmp_path: Path, options: tuple[str, ...], kept: bytes, words: str
):
    delivery = saved(tmp_path, docuparse(), EVENT, kept=kept)

    result = delivery.verify("-p", "docuparse", *options, env={"OCRIVA_WEBHOOK_SECRET": "z" * 20})

    assert result.exit_code == 1
    assert result.stdout.startswith("bad_signature: ")
    assert words in result.stdout
    assert SECRET not in result.stdout


def test_verify_names_another_secret_that_matches(tmp_path: Path):
    delivery = saved(tmp_path, docuparse(), EVENT)

    result = delivery.verify("-p", "docuparse", "--secret", "x" * 20, env={"OCRIVA_WEBHOOK_SECRET": SECRET})

    assert result.exit_code == 1
    assert result.stdout == "bad_signature: the secret is the wrong one: OCRIVA_WEBHOOK_SECRET matches\n"


def test_verify_says_whose_delivery_it_is(tmp_path: Path):
    delivery = saved(tmp_path, declared("talonic", webhook_secret=SECRET), EVENT)

    result = delivery.verify("-p", "docuparse", "--secret", SECRET)

    assert result.exit_code == 1
    assert "unsigned: the delivery is signed as talonic signs" in result.stdout


def test_verify_says_what_the_environments_secret_has_at_its_end(tmp_path: Path):
    delivery = saved(tmp_path, docuparse(), EVENT)

    result = delivery.verify("-p", "docuparse", env={"DOCUPARSE_WEBHOOK_SECRET": f"{SECRET}\n"})

    assert result.exit_code == 1
    assert "'DOCUPARSE_WEBHOOK_SECRET' has white space at an end" in result.stdout


def test_verify_says_that_a_secret_cannot_be_the_schemes(tmp_path: Path):
    delivery = saved(tmp_path, READY["svix"], EVENT, "whsec_" + "YQ" * 16)

    result = delivery.verify("-p", "digiparser", "--secret", SECRET, "--now", str(NOW), "--json")

    (found,) = lines(result)
    assert result.exit_code == 1
    assert found["outcome"] == "misconfigured"
    assert "is not base64" in found["reason"]


def test_verify_says_that_an_authentic_body_cannot_be_read(tmp_path: Path):
    delivery = saved(tmp_path, docuparse(), b"[]")

    result = delivery.verify("-p", "docuparse", "--secret", SECRET)

    assert result.exit_code == 1
    assert result.stdout.startswith("malformed: ")


def test_verify_without_a_signature_is_unsigned_with_the_headers_that_look_like_one(tmp_path: Path):
    (tmp_path / "body.json").write_bytes(EVENT)
    delivery = Saved(tmp_path / "body.json", ["X-Other-Signature: 00"])

    result = delivery.verify("--provider", "docuparse", "--json")

    (found,) = lines(result)
    assert found["outcome"] == "unsigned"
    assert "x-other-signature is there" in found["reason"]


def test_a_header_without_a_colon_is_refused(tmp_path: Path):
    (tmp_path / "body.json").write_bytes(EVENT)

    result = Saved(tmp_path / "body.json", ["nonsense"]).verify("--provider", "docuparse")

    assert isinstance(result.exception, ConfigurationError)


# listen


def listening(*options: str) -> tuple[Any, str]:
    """Start the command and give its process and where it listens."""
    started = program("listen", "--port", "0", *options)
    assert started.stdout is not None
    origin = re.search(r"http://\S+/", started.stdout.readline())
    assert origin is not None
    return started, origin.group()


@pytest.mark.programs
def test_listen_shows_each_delivery_with_outcome_latency_and_reason(tmp_path: Path):
    listener, url = listening("--provider", "docuparse", "--count", "5")
    body = tmp_path / "body.json"
    body.write_bytes(EVENT)
    asked = ("send", "--body", str(body), "--to", url, "-p", "docuparse", "--secret", LOCAL_SECRET)

    fine = run(*asked, "--fault", "duplicate")
    forged = run(*asked, "--fault", "wrong_signature")
    other = run("send", "--body", str(body), "--to", url, "--scheme", "github", "--secret", LOCAL_SECRET)
    body.write_bytes(b" " * (1024 * 1024 + 1))
    large = run(*asked)

    output, errors = listener.communicate(timeout=30)
    assert (fine.exit_code, forged.exit_code, other.exit_code, large.exit_code) == (0, 0, 1, 1), errors
    assert re.search(r"accepted 200  [\d.]+ ms  \d+ bytes  type=document.completed .*doc_abcd1234", output)
    assert "duplicate 200" in output
    assert "signed as github signs, under webhook secret 'the one of the local providers'" in output
    assert "too_large 413" in output
    assert "Example Ltd" not in output


@pytest.mark.programs
def test_listen_without_a_provider_says_whose_delivery_it_may_be():
    listener, url = listening("--count", "1")

    sent = run("trigger", "document.completed", "--to", url, "-p", "mindee")

    output, _ = listener.communicate(timeout=30)
    assert sent.exit_code == 0
    assert "unchecked 200" in output
    assert "x-signature is there" in output
    assert "try --provider mindee" in output


@pytest.mark.programs
def test_listen_passes_deliveries_on_and_gives_the_answer(inbound):
    receiver = inbound(docuparse())
    listener, url = listening("-p", "docuparse", "--count", "3", "--forward", receiver.url)

    passed = run("trigger", "document.completed", "--to", url, "-p", "docuparse")
    forged = run("trigger", "document.completed", "--to", url, "-p", "docuparse", "--fault", "tamper")
    receiver.hooks.close()
    refused = run("trigger", "document.completed", "--to", url, "-p", "docuparse")

    output, errors = listener.communicate(timeout=30)
    assert (passed.exit_code, forged.exit_code, refused.exit_code) == (0, 0, 1), errors
    assert len(receiver.arrived) == 2
    assert re.search(r"accepted 200 .*forwarded: 200 in \d+ ms", output)
    assert re.search(r"accepted 503 .*forwarded: 503 in \d+ ms", output)


@pytest.mark.programs
def test_listen_tells_where_nobody_takes_what_it_passes_on():
    listener, url = listening("-p", "docuparse", "--count", "1", "--forward", "http://127.0.0.1:9/")

    sent = run("trigger", "document.completed", "--to", url, "-p", "docuparse")

    output, _ = listener.communicate(timeout=30)
    assert sent.exit_code == 1
    assert "accepted 502" in output
    assert "forwarded: no answer: ConnectError" in output


def test_listen_checks_for_a_provider_only():
    result = run("listen", "--secret", SECRET)

    assert "write --provider NAME as well" in str(result.exception)


def test_every_provider_is_listed():
    rows = lines(run("providers", "--json"))

    assert {row["provider"] for row in rows if row["kind"] == "class"} == set(PROVIDERS)
    assert {"mindee", "talonic"} <= {row["provider"] for row in rows if row["kind"] == "declaration"}


@pytest.mark.programs
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals here")
def test_on_a_terminal_deliveries_are_a_live_table():
    ours, theirs = os.openpty()
    started = subprocess.Popen(
        [sys.executable, "-m", "paperhook.cli", "listen", "--port", "0", "-p", "docuparse", "--count", "2"],
        stdout=theirs,
        env={**os.environ, "COLUMNS": "200", "TERM": "xterm"},
    )
    os.close(theirs)
    seen = b""
    while not (origin := re.search(rb"http://[\d.:]+/", seen)):
        seen += os.read(ours, 4096)
    asked = ("trigger", "document.completed", "--to", origin.group().decode(), "-p", "docuparse")
    run(*asked, "--times", "2", "--fault", "tamper=1x")
    with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
        while chunk := os.read(ours, 4096):
            seen += chunk
    started.wait(30)
    os.close(ours)

    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert re.search(r"bad_signature\s*│\s*401", text)
    assert re.search(r"accepted\s*│\s*200\s*│\s*[\d.]+ ms\s*│\s*\d+\s*│\s*document.completed", text)


def test_what_a_short_secret_signed_can_be_looked_into_and_is_told(tmp_path: Path):
    body = tmp_path / "body"
    body.write_bytes(b"bodybodybodybody")
    # line/line-bot-sdk-python: tests/test_signature.py.
    header = "X-Line-Signature: /gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k="
    asked = ("verify", "--scheme", "line", "--body", str(body), "-H", header)

    right = run(*asked, "--secret", "channel_secret")
    wrong = run(*asked, "--secret", "channel_secreT")

    assert right.exit_code == 0
    assert "14 bytes: a receiver takes it only as" in right.stdout
    assert wrong.exit_code == 1


def test_a_forgotten_secret_is_told_where_nothing_matches(tmp_path: Path):
    body = tmp_path / "body"
    body.write_bytes(b"{}")
    header = f"X-Hub-Signature-256: sha256={'0' * 64}"
    asked = ("verify", "--scheme", "github", "--body", str(body), "-H", header)

    assert "no secret was given" in run(*asked).stdout
    assert "no secret was given" not in run(*asked, "--secret", SECRET).stdout
