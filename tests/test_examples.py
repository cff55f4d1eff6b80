"""Each file of `examples/` is run as its first lines say, against the providers on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from paperhook import Client
from paperhook.cli import demo
from paperhook.providers import DocuParse
from paperhook.testing import LOCAL_SECRET, LocalProviders, signed_delivery

from . import postgres
from .brokers import broker
from .conftest import REPOSITORY
from .engines import Setting, install
from .settings import settings_of

pytestmark = pytest.mark.programs

EXAMPLES = REPOSITORY / "examples"
#: Seconds for a program to print what it should.
PATIENCE = 30.0
RECEIVING = {"DOCUPARSE_API_KEY": "key", "DOCUPARSE_WEBHOOK_SECRET": LOCAL_SECRET}


@contextlib.contextmanager
def started(*command: str, folder: Path, settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a folder until the block ends; it has to end by itself then."""
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES), "PYTHONWARNINGS": "error", **settings}
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def line_with(process: subprocess.Popen[str], pattern: str) -> str:
    """Read the program's output as far as a line with a pattern, and give what the pattern's group holds."""
    assert process.stdout is not None
    lines: list[str] = []
    # Without the line, the output ends with the program: then it is what the test fails with.
    patience = threading.Timer(PATIENCE, process.kill)
    patience.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if found := re.search(pattern, line):
                return found[1]
    finally:
        patience.cancel()
    raise AssertionError("".join(lines))


@contextlib.contextmanager
def uploaded(webhook: str) -> Iterator[None]:
    """Have the sample invoice read by a local provider whose webhooks go to an example."""
    with LocalProviders(webhook=webhook) as local, Client(local.provider("docuparse")) as client:
        client.upload(demo.sample())
        yield


def test_the_fastapi_example_books_an_invoice(tmp_path):
    server = ("-m", "uvicorn", "fastapi_app:app", "--port", "0", "--no-access-log")

    with started(*server, folder=tmp_path, settings=RECEIVING) as app:
        origin = line_with(app, r"running on (http://\S+)")
        with uploaded(f"{origin}/webhooks/{{provider}}"):
            vendor = line_with(app, r"booked (.+): \d+\.\d\d [A-Z]{3}$")

    assert vendor
    assert (tmp_path / "paperhook.db").exists()


UVICORN = ("-m", "uvicorn", "--port", "0", "--no-access-log")
#: Each with how its first lines start it, what it prints then, and where it takes deliveries.
FRAMEWORKS = {
    "starlette_app": ((*UVICORN, "starlette_app:app"), r"running on (http://\S+)", "/webhooks/docuparse"),
    "litestar_app": ((*UVICORN, "litestar_app:app"), r"running on (http://\S+)", "/webhooks/docuparse"),
    "quart_app": ((*UVICORN, "quart_app:app"), r"running on (http://\S+)", "/webhooks/docuparse"),
    "django_asgi_app": (
        (*UVICORN, "django_asgi_app:application"),
        r"running on (http://\S+)",
        "/webhooks/docuparse",
    ),
    "fastapi_verified": ((*UVICORN, "fastapi_verified:app"), r"running on (http://\S+)", "/docuparse-events"),
    "flask_app": (
        ("-m", "flask", "--app", "flask_app", "run", "--port", "0"),
        r"Running on (http://\S+)",
        "/webhooks/docuparse",
    ),
    "django_app": (
        (str(EXAMPLES / "django_app.py"), "runserver", "0", "--noreload"),
        r"server at (http://[^/]+)/",
        "/webhooks/docuparse",
    ),
    "aiohttp_app": (
        (str(EXAMPLES / "aiohttp_app.py"), "0"),
        r"Running on (http://\S+)",
        "/webhooks/docuparse",
    ),
    "wsgi_app": ((str(EXAMPLES / "wsgi_app.py"), "0"), r"listening on port (\d+)", "/docuparse"),
}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_example_of_a_framework_books_what_is_delivered(name, tmp_path):
    command, announcement, path = FRAMEWORKS[name]
    pytest.importorskip(name.partition("_")[0].replace("wsgi", "wsgiref"))
    headers, body = signed_delivery(DocuParse("key", webhook_secret=LOCAL_SECRET), "document.completed")

    with started(*command, folder=tmp_path, settings=RECEIVING) as app:
        origin = line_with(app, announcement)
        if origin.isdigit():
            origin = f"http://127.0.0.1:{origin}"
        answer = httpx.post(f"{origin}{path}", headers=headers, content=body)
        booked = line_with(app, r"booked (.+): \d+\.\d\d")

    assert answer.status_code == 200
    assert booked


def test_the_lambda_example_books_an_event_from_a_file(tmp_path):
    headers, body = signed_delivery(DocuParse("key", webhook_secret=LOCAL_SECRET), "document.completed")
    event = {"httpMethod": "POST", "path": "/webhooks/docuparse", "headers": headers, "body": body.decode()}
    (tmp_path / "event.json").write_text(json.dumps(event))

    with started(
        str(EXAMPLES / "lambda_function.py"), "event.json", folder=tmp_path, settings=RECEIVING
    ) as function:
        booked = line_with(function, r"booked (.+): \d+\.\d\d")
        status = line_with(function, r'"statusCode": (\d+)')

    assert booked
    assert status == "200"


def test_the_example_without_a_framework_books_an_invoice(tmp_path):
    with started(str(EXAMPLES / "no_framework.py"), "0", folder=tmp_path, settings=RECEIVING) as app:
        port = line_with(app, r"listening on port (\d+)")
        with uploaded(f"http://127.0.0.1:{port}/"):
            total = line_with(app, r"booked (\d+\.\d\d)$")

    assert total


def test_the_worker_example_runs_handlers_in_the_worker_only(tmp_path):
    server = ("-m", "uvicorn", "worker_app:app", "--port", "0", "--no-access-log")
    worker = ("-m", "paperhook.cli", "worker", "worker_app:hooks")

    with (
        started(*server, folder=tmp_path, settings=RECEIVING) as app,
        started(*worker, folder=tmp_path, settings=RECEIVING) as working,
    ):
        origin = line_with(app, r"running on (http://\S+)")
        with uploaded(f"{origin}/webhooks/{{provider}}"):
            total = line_with(working, r"booked (\d+\.\d\d)$")
        app.terminate()
        assert app.stdout is not None
        rest = app.stdout.read()

    assert total
    assert "booked" not in rest


@pytest.mark.parametrize(
    ("module", "worker"),
    [
        (
            "celery_app",
            # Its default pool forks.
            [
                "-m",
                "celery",
                "--app",
                "celery_app:engine",
                "worker",
                "--concurrency",
                "2",
                "--without-mingle",
            ],
        ),
        ("procrastinate_app", ["-m", "procrastinate", "--app", "procrastinate_app.engine", "worker"]),
        ("pgqueuer_app", [str(EXAMPLES / "pgqueuer_app.py")]),
        ("postgres_app", ["-m", "paperhook.cli", "worker", "postgres_app:hooks"]),
        ("redis_list_app", [str(EXAMPLES / "redis_list_app.py")]),
    ],
)
def test_the_engine_examples_run_handlers_in_the_workers_of_their_engine(module, worker, tmp_path):
    engine, server = (
        module.removesuffix("_app"),
        ("-m", "uvicorn", f"{module}:app", "--port", "0", "--no-access-log"),
    )
    if engine in ("celery", "redis_list"):
        settings = {**RECEIVING, "BROKER_URL": broker("redis"), "QUEUE": f"test-{uuid.uuid4().hex[:12]}"}
    else:
        url = postgres.url()
        install(Setting(engine, url, url, "", ""))
        settings = {**RECEIVING, "DATABASE_URL": url}

    with (
        started(*server, folder=tmp_path, settings=settings) as app,
        # What the engines warn of is theirs.
        started(*worker, folder=tmp_path, settings={**settings, "PYTHONWARNINGS": "ignore"}) as working,
    ):
        origin = line_with(app, r"running on (http://\S+)")
        with uploaded(f"{origin}/webhooks/{{provider}}"):
            assert line_with(working, r"booked (\d+\.\d\d) in process")


@pytest.mark.slow
def test_the_worker_of_a_list_goes_on_after_nothing_came_for_a_while(tmp_path):
    settings = {**RECEIVING, "BROKER_URL": broker("redis"), "QUEUE": f"test-{uuid.uuid4().hex[:12]}"}
    server = (*UVICORN, "redis_list_app:app")

    with (
        started(*server, folder=tmp_path, settings=settings) as app,
        started(str(EXAMPLES / "redis_list_app.py"), folder=tmp_path, settings=settings) as working,
    ):
        origin = line_with(app, r"running on (http://\S+)")
        # Longer than redis-py waits for an answer.
        with pytest.raises(subprocess.TimeoutExpired):
            working.wait(8)
        with uploaded(f"{origin}/webhooks/{{provider}}"):
            assert line_with(working, r"booked (\d+\.\d\d) in process")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("client_sync.py", r"invoice\.pdf: total = \d+\.\d\d"),
        ("client_async.py", r"wants \d+\.\d\d [A-Z]{3}"),
    ],
)
def test_the_client_examples_print_what_is_in_a_document(program, expected, paperhook_providers):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / program), str(demo.sample())],
        env={**os.environ, **settings_of(paperhook_providers)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.search(expected, done.stdout)


def test_the_sync_example_says_which_document_failed(tmp_path, paperhook_providers):
    (tmp_path / "empty.pdf").write_bytes(b"")

    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "client_sync.py"), str(tmp_path / "empty.pdf")],
        env={**os.environ, **settings_of(paperhook_providers)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "empty.pdf is empty" in done.stderr


def test_every_example_has_a_test():
    text = Path(__file__).read_text(encoding="utf-8")

    assert [path.name for path in EXAMPLES.glob("*.py") if path.stem not in text] == []
