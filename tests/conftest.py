"""What every test runs under: no network but loopback, no settings of the machine, a folder of its own."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from paperhook.reading.reader import Reader

REPOSITORY = Path(__file__).parents[1]
#: Settings of a developer's shell that must not reach a test.
SETTINGS = ("PAPERHOOK_", "SPACE_OCR_", "DOCUPARSE_", "DOCUPROX_", "OCRIVA_", "STANDARD_WEBHOOKS_")


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    # An audit hook sees every connection and every look-up of a name, whichever library makes it.
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_local(host.decode() if isinstance(host, bytes) else str(host)):
        raise PermissionError(f"a test wants to reach {host}: only loopback is there")


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


sys.addaudithook(_refuse_the_network)

# No test trusts anybody's certificate, and loading the 120 of certifi takes 30 ms for each client that a test makes.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("authority.pem"))

# A shell without job control starts what runs beside it with Ctrl-C ignored, and so would each process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Measuring is for what runs here: a program that a test starts would take twice as long, and little would be added.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

# How long an example takes tells nothing on a machine that does other things as well.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Thousands of tests and all the frameworks are collected once and stay: nobody need look through them for garbage, neither
# while they become more nor afterwards.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, but in what the tests make."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_sessionfinish() -> None:
    """Write down what was measured before the process ends: xdist kills one that takes ten seconds over that."""
    coverage = sys.modules.get("coverage")
    measuring = coverage.Coverage.current() if coverage else None
    if measuring is not None:
        measuring.save()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run without the settings of whoever starts the tests."""
    for name in os.environ:
        if name.startswith(SETTINGS) and name != "PAPERHOOK_DOCUMENTS":
            monkeypatch.delenv(name)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder, for code that writes where it stands."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """One process that reads documents, for every test that does not stop it: each takes a second to start."""
    from paperhook.reading.reader import Reader

    with Reader() as reader:
        yield reader


@pytest.fixture(scope="session")
def documents() -> Path:
    """The folder of real and hostile documents; they are not ours to publish, so tests skip without them."""
    folder = Path(os.environ.get("PAPERHOOK_DOCUMENTS") or REPOSITORY.parent / "shared" / "documents")
    if not (folder / "manifest.json").is_file():
        pytest.skip("the documents are not here: set PAPERHOOK_DOCUMENTS")
    return folder
