"""`paperhook dev` and what talks to it: the client commands, curl, and a receiver that is not ours."""

from __future__ import annotations

import http.server
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from paperhook.cli.demo import sample
from paperhook.errors import ConfigurationError
from paperhook.providers import PROVIDERS, provider_class
from paperhook.testing import LOCAL_OPTIONS

from .running import lines, program, run


class Inbound(http.server.BaseHTTPRequestHandler):
    """Keeps what arrives."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.arrived.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        self.server.event.set()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inbound)
    server.arrived, server.event = [], threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def dev(receiver: http.server.ThreadingHTTPServer, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings that `paperhook dev` prints; it runs meanwhile."""
    hook = f"http://127.0.0.1:{receiver.server_port}/hooks/{{provider}}"
    started = program("dev", "--port", "0", "--webhook", hook, "--secret", "a-secret-of-16-bytes")
    assert started.stdout is not None
    settings: dict[str, str] = {"PAPERHOOK_TRACKER": f"sqlite:///{tmp_path}/journal.db"}
    for line in started.stdout:
        if found := re.match(r"export (\w+)=(.*)", line):
            settings[found.group(1)] = found.group(2)
        if "hooks/ocriva" in line:
            break
    yield settings
    started.send_signal(signal.SIGTERM)
    _, errors = started.communicate(timeout=30)
    assert started.returncode == 0, errors


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.programs
def test_upload_wait_and_result_work_with_the_printed_settings(dev: dict[str, str], provider: str):
    if provider == "space-ocr":
        pytest.importorskip("PIL")

    uploaded = run("upload", str(sample()), "-p", provider, "--json", env=dev)
    assert uploaded.exit_code == 0, uploaded.exception
    job_id = lines(uploaded)[0]["job_id"]

    waited = run("wait", job_id, "-p", provider, "--deadline", "30", "--json", env=dev)
    asked = run("status", job_id, "-p", provider, env=dev)
    found = run("result", job_id, "-p", provider, "--json", env=dev)
    table = run("result", job_id, "-p", provider, env=dev)

    assert lines(waited)[0]["status"] == "completed", waited.exception
    assert "completed" in asked.stdout
    assert lines(found)[0]["fields"]["currency"], found.exception
    assert "invoice_number" in table.stdout


@pytest.mark.programs
def test_webhooks_go_where_they_were_sent_and_are_signed(
    dev: dict[str, str], receiver: http.server.ThreadingHTTPServer
):
    run("upload", str(sample()), "-p", "docuparse", env=dev)

    assert receiver.event.wait(20)  # type: ignore[attr-defined]
    path, headers, body = receiver.arrived[0]  # type: ignore[attr-defined]
    provider = provider_class("docuparse")("key", webhook_secret=dev["DOCUPARSE_WEBHOOK_SECRET"])
    assert path == "/hooks/docuparse"
    assert provider.verify(headers, body).type == "document.completed"


@pytest.mark.programs
def test_curl_as_in_the_providers_own_pages_works(dev: dict[str, str]):
    answer = httpx.post(
        f"{dev['DOCUPARSE_BASE_URL']}/extract",
        headers={"Authorization": f"Bearer {dev['DOCUPARSE_API_KEY']}"},
        files={"file": ("invoice.pdf", sample().read_bytes(), "application/pdf")},
    )

    assert answer.is_success
    assert answer.json()["success"] is True


@pytest.mark.programs
def test_the_settings_are_complete(dev: dict[str, str]):
    for name, options in LOCAL_OPTIONS.items():
        prefix = provider_class(name).env_prefix
        assert {f"{prefix}{option.upper()}" for option in options} <= set(dev)


def test_a_port_in_use_is_said(receiver: http.server.ThreadingHTTPServer):
    result = run("dev", "--port", str(receiver.server_port))

    assert isinstance(result.exception, ConfigurationError)
    assert "--port" in str(result.exception)


@pytest.mark.programs
def test_a_refused_upload_is_an_error_line_and_exit_code_1(dev: dict[str, str], tmp_path: Path):
    empty = tmp_path / "empty.pdf"
    empty.write_bytes(b"")

    result = run("upload", str(empty), str(sample()), "-p", "docuparse", "--json", env=dev)

    found = {Path(each["file"]).name: each for each in lines(result)}
    assert result.exit_code == 1
    assert found["empty.pdf"]["error"] == "UnsupportedDocument"
    assert found["invoice.pdf"]["job_id"]


def test_a_missing_key_names_the_variable():
    result = run("upload", str(sample()), "-p", "docuparse")

    assert isinstance(result.exception, ConfigurationError)
    assert "DOCUPARSE_API_KEY" in str(result.exception)


@pytest.mark.programs
def test_dev_without_a_webhook_says_nothing_of_secrets():
    started = program("dev", "--port", "0")
    assert started.stdout is not None
    seen: list[str] = []
    for line in started.stdout:
        seen.append(line)
        if "OCRIVA_PROJECT_ID" in line:
            break

    started.send_signal(signal.SIGINT)
    started.communicate(timeout=30)

    assert started.returncode == 0
    assert not any("WEBHOOK_SECRET" in line for line in seen)


def test_providers_lists_capabilities():
    result = run("providers", "--json")

    assert {row["provider"] for row in lines(result)} >= set(PROVIDERS)
    assert "docuprox" in run("providers").stdout


@pytest.mark.programs
def test_a_failed_job_has_exit_code_1_and_its_code(dev: dict[str, str], tmp_path: Path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n")
    job_id = lines(run("upload", str(broken), "-p", "docuparse", "--json", env=dev))[0]["job_id"]

    result = run("wait", job_id, "-p", "docuparse", "--deadline", "30", "--json", env=dev)

    assert result.exit_code == 1
    assert lines(result)[0]["error"]


@pytest.mark.programs
def test_the_help_names_every_command():
    started = program("--help")

    shown, _ = started.communicate(timeout=60)

    assert all(
        name in shown for name in ("demo", "dev", "upload", "worker", "inbox", "trigger", "verify", "listen")
    )
